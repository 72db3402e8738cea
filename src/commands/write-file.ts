/** Files that lvmbackup writes: whole or not at all, and for their owner alone unless others are to read them. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';

const FOR_THE_OWNER = 0o600;
export const READABLE_BY_ALL = 0o644;

export function writeFileAtomically(path: string, text: string, mode = FOR_THE_OWNER): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', FOR_THE_OWNER);
    try {
      if (mode !== FOR_THE_OWNER) fchmodSync(fd, mode);
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new UserError(
      ExitCode.failed,
      `${path} could not be written: ${(cause as Error).message}`,
      undefined,
      { cause },
    );
  }
}
