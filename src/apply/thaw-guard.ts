/**
 * The child that holds a file system frozen. A frozen root of a dead process would hang the machine, so the freeze
 * belongs to this child: it thaws when it is told to, when its parent dies (its standard input ends), on a signal,
 * and when its time is up, whichever comes first.
 *
 * It speaks one word a line: `frozen` when it is, or `failed` and why not; `thawed` or `late` (its time was up) at the
 * end, or `stuck` and why it could not thaw.
 */
import { spawnSync } from 'node:child_process';
import { forgetHeld, writeHeld } from './held-records.ts';
import { holdCommands } from './hold-commands.ts';

/** The first argument that starts the program in this role. */
export const THAW_GUARD_ROLE = '--internal-thaw-guard';

/** `limit` in seconds; `folder` is where it is written down that it is held. */
export function runThawGuard([way, mountPoint = '', limit = '0', folder = '']: readonly string[]): void {
  const how = way === 'remount' ? 'remount' : 'freeze';
  const commands = holdCommands(how, mountPoint);
  let record = '';
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const say = (word: string) => process.stdout.write(`${word}\n`, () => process.exit());
  const end = (word: 'thawed' | 'late') => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const problem = runQuietly(commands.free);
    if (problem === null) forgetHeld(record);
    say(problem === null ? word : `stuck ${problem}`);
  };
  // From before the freeze on: what comes while it is made is heard as soon as it is there.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end('thawed'));
  process.stdin.on('end', () => end('thawed')).resume();
  process.stdout.on('error', () => end('thawed'));
  try {
    record = writeHeld({ how, mountPoint }, folder);
  } catch (error) {
    over = true;
    say(`failed it cannot be written down: ${(error as Error).message}`);
    return;
  }
  const failed = runQuietly(commands.hold);
  if (failed !== null) {
    over = true;
    forgetHeld(record);
    say(`failed ${failed}`);
    return;
  }
  timer = setTimeout(() => end('late'), Number(limit) * 1000);
  process.stdout.write('frozen\n');
}

/** Why the command failed; null where it did not. */
function runQuietly([program = '', ...rest]: readonly string[]): string | null {
  const { status, stderr } = spawnSync(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return status === 0
    ? null
    : `${program}: ${(stderr ?? '').trim().replaceAll('\n', '; ') || 'could not be run'}`;
}
