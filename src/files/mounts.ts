/**
 * The two mounts of a transfer, in this process's own namespace, and the proof that they still are what was mounted:
 * before anything is deleted on the one side, the other must be the snapshot and nothing else.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { majorMinor } from '../device-number.ts';
import { ExitCode, UserError } from '../errors.ts';
import { NoList } from '../lvm/change-list.ts';
import { snapshotStatus } from '../lvm/dm-status.ts';
import { mapperName } from '../lvm/mapper.ts';
import { isSameDevice, type Mount, mountinfoNow, mountsIn } from '../lvm/mountinfo.ts';
import { endOf, reasonsOf, runCommand } from '../lvm/spawn.ts';
import { MARK, MOUNT_ROOT, mountSource, mountTarget, SOURCE_MOUNT, TARGET_MOUNT } from '../plan/files.ts';
import { splitPath } from '../plan/model.ts';
import type { FilesOrder } from './words.ts';

/** Throws UserError with what the program said. */
export async function must(argv: readonly string[], hint?: string): Promise<string> {
  const result = await runCommand(argv);
  if (result.exitCode === 0) return result.stdout;
  const said = shortened(reasonsOf(result)).join('; ');
  throw new UserError(
    ExitCode.failed,
    `${argv.join(' ')} failed (${endOf(result)})${said === '' ? '' : `: ${said}`}`,
    hint,
  );
}

/** A program that explains its use at length says first what is wrong, and others say it last. */
function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= 4 ? lines : [...lines.slice(0, 2), '…', ...lines.slice(-2)];
}

/** A place for both that nobody else sees: it is of RAM, and goes with the namespace. */
export async function makeMountPoints(): Promise<void> {
  mkdirSync(MOUNT_ROOT, { recursive: true, mode: 0o700 });
  await must(['mount', '-t', 'tmpfs', '-o', 'mode=0700,size=64k', 'lvmbackup', MOUNT_ROOT]);
  for (const point of [SOURCE_MOUNT, TARGET_MOUNT]) mkdirSync(point);
}

export async function mountBoth({ fileSystem, from, to }: FilesOrder, access: 'ro' | 'rw'): Promise<void> {
  const hint = `look at it: blkid -p ${from}; a file system that is damaged is repaired on its origin, by fsck`;
  await must(mountSource(fileSystem, from), hint);
  await must(mountTarget(fileSystem, to, access), `check it: fsck ${to}; or remove it, and it is made anew`);
}

export async function unmountTarget(): Promise<void> {
  await must(['umount', TARGET_MOUNT]);
}

/** Throws UserError where a mount is not the one that was made, or the snapshot holds no more. */
export async function checkMounts({ from, to, snapshot, fileSystem }: FilesOrder): Promise<void> {
  for (const [point, device] of [
    [SOURCE_MOUNT, from],
    [TARGET_MOUNT, to],
  ] as const) {
    const found = mountedAt(point);
    if (found?.number === majorMinor(statSync(device).rdev) && found.fileSystem === fileSystem) continue;
    // The root of a btrfs has a number of its own: there the name of the device is what is known.
    if (found?.fileSystem === 'btrfs' && fileSystem === 'btrfs' && isSameDevice(found.device, device))
      continue;
    throw new UserError(
      ExitCode.failed,
      `${point} is not the mount of ${device} any more: nothing can be said of the files on it`,
      'the next run goes on with it',
    );
  }
  await checkSnapshot(snapshot);
}

async function checkSnapshot(snapshot: string): Promise<void> {
  try {
    await snapshotStatus(mapperName(...splitPath(snapshot)), runCommand);
  } catch (error) {
    // Of a thin snapshot the kernel tells nothing here, and it cannot overflow by itself.
    if (!(error instanceof NoList) || error.code === 'no-status') return;
    throw new UserError(
      ExitCode.failed,
      `the snapshot ${snapshot} does not hold what it held: ${error.message}`,
      'give the snapshot more room (snapshot.size: 100%ORIGIN can never overflow)',
    );
  }
}

/** Throws UserError: a source without any file never empties a backup that has some. */
export function refuseEmptySource(): void {
  const files = (point: string) =>
    readdirSync(point).filter((name) => name !== 'lost+found' && name !== MARK);
  if (files(SOURCE_MOUNT).length > 0 || files(TARGET_MOUNT).length === 0) return;
  throw new UserError(
    ExitCode.failed,
    'the source has no files at all, and its backup has some: they are not deleted',
    'if the source is meant to be empty, remove the backup volume, and it is made anew',
  );
}

function mountedAt(point: string): Mount | undefined {
  return mountsIn(mountinfoNow()).findLast((mount) => mount.point === point);
}
