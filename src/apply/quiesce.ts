/** Holds a mounted file system still while it is copied, by a child that lets go whatever happens to us. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ExitCode, UserError } from '../errors.ts';
import type { Quiesce } from '../plan/action.ts';
import { HELD_FOLDER } from './held-records.ts';
import { holdCommands } from './hold-commands.ts';
import { THAW_GUARD_ROLE } from './thaw-guard.ts';

export interface HeldStill {
  /** Lets it go. Throws UserError where it was not still to the end, or where it is held still. */
  readonly release: () => Promise<void>;
}

/** `program` starts lvmbackup itself. Throws UserError where the file system cannot be held. */
export async function holdStill(
  quiesce: Quiesce,
  program: readonly [string, ...string[]],
  records = HELD_FOLDER,
): Promise<HeldStill> {
  const { how, mountPoint, limit } = quiesce;
  const [command, ...rest] = program;
  const child = spawn(command, [...rest, THAW_GUARD_ROLE, how, mountPoint, String(limit), records], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  // It may be gone before it is told: that shows in what it said last.
  child.stdin.on('error', () => {});
  const words = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await words.next()).value ?? DIED);
  const first = await next();
  if (first !== 'frozen') throw notHeld(quiesce, first);
  return {
    async release() {
      child.stdin.end();
      const last = await next();
      if (last !== 'thawed') throw notToTheEnd(quiesce, last);
    },
  };
}

const DIED = 'died';

function notHeld({ mountPoint }: Quiesce, word: string): UserError {
  const reason = word === DIED ? 'the process that was to hold it died' : word.replace(/^failed /, '');
  return new UserError(ExitCode.failed, `${mountPoint} could not be held still: ${reason}`);
}

function notToTheEnd({ how, mountPoint, limit }: Quiesce, word: string): UserError {
  if (word === 'late') {
    return new UserError(
      ExitCode.failed,
      `${mountPoint} was held still for ${limit} s, then let go, before the copy was done: it is not of one moment`,
      'set a longer freezeLimit, or unmount it for the backup',
    );
  }
  const reason = word === DIED ? 'the process that held it died' : word.replace(/^stuck /, '');
  return new UserError(
    ExitCode.failed,
    `${mountPoint} may still be held: ${reason}`,
    `let it go by hand: ${holdCommands(how, mountPoint).free.join(' ')}`,
  );
}
