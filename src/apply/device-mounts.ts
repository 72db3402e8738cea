/** Where a plain device is mounted right now: the plan saw it hours ago, perhaps, and anyone may have mounted it since. */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { ExitCode, UserError } from '../errors.ts';
import { isSameDevice, mountinfoNow, mountsIn } from '../lvm/mountinfo.ts';

/**
 * Throws UserError unless what lies uppermost at the mount point is this device: to freeze a point where nothing is
 * mounted freezes the file system that its folder lies in, and that may be the root.
 */
export function requireMountedAt(device: string, point: string, mountinfo = mountinfoNow()): void {
  const uppermost = mountsIn(mountinfo).findLast((mount) => mount.point === point);
  if (uppermost && isSameDevice(uppermost.device, device)) return;
  const found = uppermost ? `${uppermost.device} is mounted there now` : 'nothing is mounted there now';
  throw new UserError(
    ExitCode.failed,
    `${device} was mounted at ${point} when this was planned, and ${found}`,
    'the next run plans anew',
  );
}

/**
 * Works with a device that nobody writes to: claimed, so that nobody can mount it meanwhile; where it is mounted
 * read-only it cannot be claimed, and is looked at before and after. Throws UserError where it is mounted for writing.
 */
export async function whileUnwritten<T>(device: string, work: () => Promise<T>): Promise<T> {
  const claim = await claimed(device);
  try {
    refuseWritable(device, 'is');
    const result = await work();
    if (claim === null) refuseWritable(device, 'was');
    return result;
  } finally {
    await claim?.close();
  }
}

/** Null where somebody has it: mounted read-only, or in use by another layer, as the plan has seen. */
async function claimed(device: string): Promise<FileHandle | null> {
  try {
    return await open(device, constants.O_RDONLY | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return null;
    throw error;
  }
}

function refuseWritable(device: string, tense: 'is' | 'was'): void {
  const mount = writableMountOf(device);
  if (mount === null) return;
  throw new UserError(
    ExitCode.failed,
    `${device} ${tense} mounted for writing at ${mount} since this was planned: the copy would not be of one moment`,
    'unmount it for the backup, or set freeze: true',
  );
}

export function writableMountOf(device: string, mountinfo = mountinfoNow()): string | null {
  const found = mountsIn(mountinfo).find((mount) => mount.writable && isSameDevice(mount.device, device));
  return found?.point ?? null;
}
