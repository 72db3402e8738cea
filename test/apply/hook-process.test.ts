/** Hooks as processes: what they get, and how they end. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hookRunner } from '../../src/apply/hook-process.ts';
import { seconds } from '../../src/units.ts';

async function run(argv: readonly string[], { timeout = 60, lock = null as number | null } = {}) {
  const lines: string[] = [];
  const result = await hookRunner(
    lock,
    '/root',
  )({
    argv,
    environment: { LVMBACKUP_HOOK: 'before', LVMBACKUP_SOURCE: 'S/a\nS/b' },
    timeout: seconds(timeout),
    onLine: (stream, line) => lines.push(`${stream}: ${line}`),
  });
  return { ...result, lines };
}

test('its environment holds what it is told, and nothing of ours', async () => {
  process.env.SECRET_OF_THE_CALLER = 'x';
  const { end, lines } = await run(['env', '-0']);
  delete process.env.SECRET_OF_THE_CALLER;
  expect(end).toEqual({ kind: 'exited', exitCode: 0 });
  const names = lines
    .join('\n')
    .replace('stdout: ', '')
    .split('\0')
    .map((line) => line.split('=')[0])
    .filter((name) => name !== '');
  expect(names.sort()).toEqual(['HOME', 'LANG', 'LVMBACKUP_HOOK', 'LVMBACKUP_SOURCE', 'PATH']);
});

test('it reads nothing, has a session of its own, and its output comes line by line', async () => {
  const script = 'cat; echo "to one"; echo "to two" >&2; ps -o sid= -p $$ | tr -d " "; echo $$; exit 3';
  const { end, lines, lastLines } = await run(['sh', '-c', script]);
  expect(end).toEqual({ kind: 'exited', exitCode: 3 });
  expect(lines).toContain('stdout: to one');
  expect(lines).toContain('stderr: to two');
  const numbers = lines.filter((line) => /^stdout: \d+$/.test(line));
  expect(new Set(numbers).size).toBe(1);
  expect(numbers).toHaveLength(2);
  expect(lastLines).toHaveLength(4);
});

test('one that takes too long is ended, with all that it started, also where it will not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hook-'));
  const script = `trap '' TERM; sleep 600 & echo $! > ${folder}/pid; sleep 600`;
  const { end } = await run(['sh', '-c', script], { timeout: 1 });
  expect(end).toEqual({ kind: 'too-late' });
  const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
  await expect.poll(() => isAlive(pid)).toBe(false);
  rmSync(folder, { recursive: true });
});

/** A dead process whose parent has not looked yet is no living one. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('what it leaves running does not keep the run waiting, and holds the lock', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hook-'));
  const path = join(folder, 'lock');
  const lock = openSync(path, 'w');
  const take = () => spawnSync('flock', ['--nonblock', path, 'true']).status;
  expect(
    spawnSync('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', lock] }).status,
  ).toBe(0);
  const { end, lines } = await run(['sh', '-c', 'sleep 600 & echo $!'], { lock });
  expect(end).toEqual({ kind: 'exited', exitCode: 0 });
  closeSync(lock);
  expect(take()).toBe(1);
  const pid = Number(lines[0]?.replace('stdout: ', ''));
  process.kill(pid, 'SIGKILL');
  await expect.poll(take).toBe(0);
  rmSync(folder, { recursive: true });
});

test('one that is not there, and one that a signal ends', async () => {
  expect((await run(['/no/such/program'])).end).toEqual({
    kind: 'not-started',
    reason: 'there is no such program',
  });
  expect((await run(['sh', '-c', 'kill -9 $$'])).end).toEqual({ kind: 'killed', signal: 'SIGKILL' });
});
