/** Whether a source can be backed up by its files: what file system it holds, and whether the tools for it are there. */
import type { Volume } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import type { FileSystem } from './action.ts';
import { FILE_SYSTEMS, isFileSystem, programsFor } from './files.ts';
import type { PlanInput } from './input.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';

export function checkFiles(input: PlanInput, volume: Volume, unit: string): FileSystem | Problem {
  const path = `${volume.group}/${volume.name}`;
  const found = signatureOf(input, volume);
  const refuse = (message: string, hint: string) => refusal('source-unsupported', { unit }, message, hint);
  if (found === null) {
    return refuse(
      `${path} is to be backed up by its files, but no file system is to be seen on it`,
      volume.active
        ? `look at it with: blkid -p /dev/${path}; or leave method: files out, so that its image is copied`
        : `it is inactive, so nobody can look: activate it (lvchange -ay ${path}), or leave method: files out`,
    );
  }
  if (!isFileSystem(found)) {
    return refuse(
      `${path} holds ${found}, which method: files cannot make anew (it can make ${FILE_SYSTEMS.join(', ')})`,
      'leave method: files out, so that its image is copied',
    );
  }
  const missing = programsFor(found).filter((program) => input.hasProgram?.(program) === false);
  if (missing.length === 0) return found;
  return refusal(
    'tool-missing',
    { unit },
    `to back up the files of ${path} (${found}), ${missing.join(' and ')} must be installed`,
    `install it: apt-get install ${packagesOf(missing).join(' ')} (other systems have the same under the same names)`,
  );
}

function packagesOf(programs: readonly string[]): string[] {
  return [
    ...new Set(programs.map((program) => PACKAGES.find(([names]) => names.test(program))?.[1] ?? program)),
  ];
}

const PACKAGES: readonly (readonly [programs: RegExp, name: string])[] = [
  [/^(mkfs\.ext|resize2fs)/, 'e2fsprogs'],
  [/xfs/, 'xfsprogs'],
  [/btrfs/, 'btrfs-progs'],
  [/^(unshare|mount)$/, 'util-linux'],
];

function signatureOf({ inventory: { devices } }: PlanInput, { group, name }: Volume): string | null {
  if (!devices) return null;
  const mapped = mapperPath(group, name);
  const path = devices.links.get(`/dev/${group}/${name}`) ?? mapped;
  return devices.probes.get(path)?.signature ?? devices.byPath.get(path)?.fsType ?? null;
}
