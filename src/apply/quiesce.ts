/** Holds a mounted file system still while it is copied, by a child that lets go whatever happens to us. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ExitCode, UserError } from '../errors.ts';
import type { Quiesce } from '../plan/action.ts';
import { THAW_GUARD_ROLE } from './thaw-guard.ts';

/** `program` starts lvmbackup itself. Throws UserError where the file system cannot be held. */
export async function holdStill(
  { how, mountPoint, limit }: Quiesce,
  program: readonly [string, ...string[]],
): Promise<{ readonly release: () => Promise<void> }> {
  const [command, ...rest] = program;
  const child = spawn(command, [...rest, THAW_GUARD_ROLE, how, mountPoint, String(limit)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const words = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await words.next();
    return typeof value === 'string' ? value : 'failed the child that held it died';
  };
  const first = await next();
  if (first !== 'frozen') throw notHeld(mountPoint, first);
  return {
    async release() {
      child.stdin.end();
      const last = await next();
      if (last === 'late') {
        throw new UserError(
          ExitCode.failed,
          `${mountPoint} was held still for ${limit} seconds, then let go, before the copy was done: it is not of one moment`,
          'set a longer freezeLimit, or unmount it for the backup',
        );
      }
      if (last !== 'thawed') throw notHeld(mountPoint, last);
    },
  };
}

function notHeld(mountPoint: string, words: string): UserError {
  return new UserError(
    ExitCode.failed,
    `${mountPoint} could not be held still: ${words.replace(/^failed /, '')}`,
  );
}
