/**
 * The child that holds a file system frozen. A frozen root of a dead process would hang the machine, so the freeze
 * belongs to this child: it thaws when it is told to, when its parent dies (its standard input ends), on a signal,
 * and when its time is up, whichever comes first.
 *
 * It speaks one word a line: `frozen` when it is, or `failed` and why not; `thawed` or `late` (its time was up) at the
 * end, or `stuck` and why it could not thaw.
 */
import { spawnSync } from 'node:child_process';

/** The first argument that starts the program in this role. */
export const THAW_GUARD_ROLE = '--internal-thaw-guard';

/** `how` is `freeze` or `remount`; `limit` in seconds. */
export function runThawGuard([how = '', mountPoint = '', limit = '0']: readonly string[]): void {
  const commands = holdCommands(how, mountPoint);
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const end = (word: 'thawed' | 'late') => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const problem = runQuietly(commands.free);
    process.stdout.write(problem === null ? `${word}\n` : `stuck ${problem}\n`, () => process.exit());
  };
  // From before the freeze on: what comes while it is made is heard as soon as it is there.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end('thawed'));
  process.stdin.on('end', () => end('thawed')).resume();
  process.stdout.on('error', () => end('thawed'));
  const failed = runQuietly(commands.hold);
  if (failed !== null) {
    over = true;
    process.stdout.write(`failed ${failed}\n`, () => process.exit());
    return;
  }
  timer = setTimeout(() => end('late'), Number(limit) * 1000);
  process.stdout.write('frozen\n');
}

/** The commands that hold a file system still, and that let it go. */
export function holdCommands(how: string, mountPoint: string): { hold: string[]; free: string[] } {
  if (how === 'remount') {
    return {
      hold: ['mount', '-o', 'remount,ro', mountPoint],
      free: ['mount', '-o', 'remount,rw', mountPoint],
    };
  }
  return {
    hold: ['fsfreeze', '--freeze', mountPoint],
    free: ['fsfreeze', '--unfreeze', mountPoint],
  };
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
