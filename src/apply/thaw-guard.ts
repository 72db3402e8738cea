/**
 * The child that holds a file system frozen. A frozen root of a dead process would hang the machine, so the freeze
 * belongs to this child: it thaws when it is told to, when its parent dies (its standard input ends), on a signal,
 * and when its time is up, whichever comes first.
 *
 * It speaks one word a line: `frozen` when it is, `thawed` or `late` (its time was up) at the end.
 */
import { spawnSync } from 'node:child_process';

/** The first argument that starts the program in this role. */
export const THAW_GUARD_ROLE = '--internal-thaw-guard';

/** `how` is `freeze` or `remount`; `limit` in seconds. */
export function runThawGuard([how = '', mountPoint = '', limit = '0']: readonly string[]): void {
  const [hold, free] = commandsFor(how, mountPoint);
  const failed = runQuietly(hold);
  if (failed !== null) {
    process.stdout.write(`failed ${failed}\n`);
    return;
  }
  let over = false;
  const end = (word: 'thawed' | 'late') => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const problem = runQuietly(free);
    process.stdout.write(problem === null ? `${word}\n` : `failed ${problem}\n`, () => process.exit());
  };
  const timer = setTimeout(() => end('late'), Number(limit) * 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end('thawed'));
  process.stdin.on('end', () => end('thawed')).resume();
  process.stdout.write('frozen\n');
}

function commandsFor(how: string, mountPoint: string): [hold: string[], free: string[]] {
  if (how === 'remount') {
    return [
      ['mount', '-o', 'remount,ro', mountPoint],
      ['mount', '-o', 'remount,rw', mountPoint],
    ];
  }
  return [
    ['fsfreeze', '--freeze', mountPoint],
    ['fsfreeze', '--unfreeze', mountPoint],
  ];
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
