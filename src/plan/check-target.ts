/** The backup volume of a source: to be created, there and ours, too small, or not ours to touch. */
import type { Volume } from '../lvm/inventory.ts';
import { type BackupRecord, isOfCopy, isOwned, readBackupRecord } from '../lvm/tags.ts';
import type { SourceIdentity } from './action.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';

export type CheckedTarget =
  | { readonly kind: 'create' }
  | {
      readonly kind: 'present';
      readonly volume: Volume;
      readonly record: BackupRecord;
      /** Its tags of ours, which the next copy replaces. */
      readonly tags: readonly string[];
    };

/** `path` is `VG/LV`. Ownership comes first: nothing is said of the content of what is not ours. */
export function checkTarget(
  volume: Volume | undefined,
  path: string,
  identity: SourceIdentity,
  unit: string,
): CheckedTarget | Problem {
  if (!volume) return { kind: 'create' };
  const about = { unit };
  if (!isOwned(volume.tags)) {
    return refusal(
      'not-owned',
      about,
      `${path} exists and is not lvmbackup's: it carries no lvmbackup tag`,
      `choose another name (backup:), or hand it over, which loses what it holds: lvmbackup adopt ${path} --source ${identity.source}`,
    );
  }
  const record = readBackupRecord(volume.tags);
  if (!record) {
    return refusal(
      'name-taken',
      about,
      `${path} is a volume of lvmbackup, but no backup volume: its tags name no source`,
      'choose another name (backup:), or remove it if it is a leftover of a dead run',
    );
  }
  if (record.sourceId !== identity.sourceId) return otherSource(path, record, identity, about);
  if (volume.open) {
    return refusal(
      'target-in-use',
      about,
      `${path} is open or mounted`,
      `unmount it: \`lsblk /dev/${path}\` shows where`,
    );
  }
  if (volume.layout.includes('pool') || volume.roles.includes('snapshot')) {
    return refusal('name-taken', about, `${path} is a ${volume.layout.join(' ')} ${volume.roles.join(' ')}`);
  }
  return { kind: 'present', volume, record, tags: volume.tags.filter(isOfCopy) };
}

function otherSource(
  path: string,
  record: BackupRecord,
  identity: SourceIdentity,
  about: { unit: string },
): Problem {
  const same = record.source === identity.source;
  const whose = same
    ? `another ${record.source}: a volume of that name on another machine, or one that was made anew since`
    : record.source;
  return refusal(
    'other-source',
    about,
    `${path} holds the backup of ${whose}`,
    `to keep that backup, choose another name (backup:); to give it up: lvmbackup adopt ${path} --source ${identity.source}`,
  );
}
