/**
 * The base of a source: the snapshot that the last run kept, so that the next one reads only what changed since. What
 * is there, whether the file may have one, and whether the next copy can be told by it what changed.
 */
import type { Group, Inventory, Volume } from '../lvm/inventory.ts';
import { mapperUuid } from '../lvm/mapper.ts';
import { isOwned, readBackupRecord, tagValue } from '../lvm/tags.ts';
import { type Bytes, bytes } from '../units.ts';
import type { CopyBase, SourceIdentity } from './action.ts';
import type { CheckedTarget } from './check-target.ts';
import { splitPath } from './model.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';

/** The name of the base of a volume. */
export function baseName(origin: string): string {
  return `${origin}-base`;
}

/** Ours, and made to be a base: it says whose content it has. */
export function isBase({ tags }: Pick<Volume, 'tags'>): boolean {
  return isOwned(tags) && tagValue(tags, 'base') !== null && tagValue(tags, 'run') === null;
}

/** The base of that origin, whatever state it is in; null where there is none. */
export function baseOf(group: Pick<Group, 'volumes'>, origin: string): Volume | null {
  const volume = group.volumes.get(baseName(origin));
  return volume && isBase(volume) && volume.origin === origin ? volume : null;
}

/** What has the base's name and is none stands in the way: it is never written to and never removed. */
export function baseNameRefusal(
  group: Pick<Group, 'name' | 'volumes'>,
  origin: string,
  unit: string,
): Problem | null {
  const volume = group.volumes.get(baseName(origin));
  if (!volume || baseOf(group, origin)) return null;
  const path = `${group.name}/${volume.name}`;
  return isOwned(volume.tags)
    ? refusal(
        'name-taken',
        { unit },
        `${path} is a volume of lvmbackup, but not the base of ${group.name}/${origin}`,
        'rename it, or leave tracking out',
      )
    : refusal(
        'not-owned',
        { unit },
        `${path}, the name of the base, exists and is not lvmbackup's: it carries no lvmbackup tag`,
        'rename it, or leave tracking out',
      );
}

/** Where the target's content and the base's are the same, or why nothing can be told by the base, for people. */
export function usableBase(
  group: Pick<Group, 'name' | 'volumes'>,
  source: Volume,
  target: CheckedTarget,
  context: { readonly path: string; readonly identity: SourceIdentity; readonly inventory: Inventory },
): CopyBase | string {
  const base = baseOf(group, source.name);
  if (!base) return 'there is no base yet';
  const snapshot = `${group.name}/${base.name}`;
  if (base.snapshotInvalid) return `the base ${snapshot} has overflown`;
  if (base.merging) return `the base ${snapshot} is being merged`;
  if (base.health !== '') return `the base ${snapshot} is not whole (${base.health})`;
  if (target.kind === 'create') return `the base ${snapshot} is of a copy that is gone`;
  const of = tagValue(base.tags, 'base') ?? '';
  const time = tagValue(base.tags, 'basetime') ?? '';
  const about = { snapshot, time };
  return of === context.path ? ofTarget(about, target.tags, context.path) : ofHolder(about, of, context);
}

interface About {
  readonly snapshot: string;
  readonly time: string;
}

function ofTarget({ snapshot, time }: About, tags: readonly string[], path: string): CopyBase | string {
  const copied = tagValue(tags, 'time');
  if (copied !== time) return `the base ${snapshot} is of ${time}, and ${path} of ${copied ?? 'no time'}`;
  const size = sizeIn(tags);
  return size === null
    ? `the tags of ${path} do not tell how large its source was`
    : { snapshot, time, size, holder: null };
}

/** In a rotation the base has the content of the copy before, and the target is an older one. */
function ofHolder(
  { snapshot, time }: About,
  of: string,
  { identity, inventory }: { readonly identity: SourceIdentity; readonly inventory: Inventory },
): CopyBase | string {
  const [groupName, name] = splitPath(of);
  const group = inventory.groups.get(groupName);
  const holder = group?.volumes.get(name);
  const record = holder && readBackupRecord(holder.tags);
  if (!group || !holder || !record) return `the base ${snapshot} is of ${of}, which is not there`;
  const isSame = record.sourceId === identity.sourceId && record.state === 'complete';
  if (!isSame || tagValue(holder.tags, 'time') !== time) {
    return `the base ${snapshot} is of ${of} as it was at ${time}, and that has another content now`;
  }
  const size = sizeIn(holder.tags);
  if (size === null || record.digest === null) return `the tags of ${of} do not tell what it holds`;
  return {
    ...{ snapshot, time, size },
    holder: { volume: of, uuid: mapperUuid(group.uuid, holder.uuid), digest: record.digest },
  };
}

function sizeIn(tags: readonly string[]): Bytes | null {
  const text = tagValue(tags, 'size') ?? '';
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? bytes(Number(text)) : null;
}

/** What was overwritten since, as the kernel counts it now, with the table that tells of it; null for a thin base. */
export function changedSince(base: Volume): Bytes | null {
  if (base.pool !== null || base.dataPercent === null) return null;
  return bytes(Math.ceil((base.size * base.dataPercent) / 100));
}
