/** Files that lvmbackup writes: whole or not at all, and for their owner alone. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';

export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
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
