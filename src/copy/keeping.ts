/** Files that the copy keeps for itself: what goes wrong with them is told as such, not as an error of a device. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExitCode, UserError } from '../errors.ts';
import { bytesText } from '../units-text.ts';

/** Throws UserError where the work on the file fails. */
export async function keeping<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cannotBeWritten(path, (cause as Error).message, { cause });
  }
}

/** Throws UserError where `count` bytes are more than is free beside the file: better before the copy than within. */
export async function requireRoom(path: string, count: number): Promise<void> {
  const { blocks, bavail, bsize } = await keeping(path, () => statfs(dirname(path)));
  // Some file systems tell nothing.
  if (blocks === 0 || bavail * bsize >= count) return;
  const needed = `it takes ${bytesText(count)}, and ${bytesText(bavail * bsize)} are free there`;
  throw cannotBeWritten(path, needed);
}

function cannotBeWritten(path: string, why: string, options?: ErrorOptions): UserError {
  const hint = 'what a target holds is remembered there; make room, or name another place';
  return new UserError(ExitCode.failed, `${path} cannot be written: ${why}`, hint, options);
}
