import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from '../../src/apply/lock.ts';
import { UserError } from '../../src/errors.ts';
import { bundled, started } from '../helpers/bundled.ts';

const NOW = new Date('2026-11-23T09:15:00Z');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Another process that takes the lock and then lives until it is killed; `rest` is what it does meanwhile. */
async function holder(rest = '') {
  const program = await bundled(
    folder,
    `import { spawn } from 'node:child_process';
     import { acquireLock } from 'src/apply/lock.ts';
     const lock = acquireLock(['apply', '-y'], new Date('2026-11-23T09:00:00Z'), process.argv[2]);
     ${rest}
     console.log('held');
     setInterval(() => {}, 1000);`,
  );
  return started(program, [path]);
}

test('a second process is refused with exit code 6, and told who holds the lock, with what, since when', async () => {
  const { child, ended } = await holder();
  const take = () => acquireLock(['apply'], NOW, path);
  expect(take).toThrow(UserError);
  expect(take).toThrow(
    expect.objectContaining({
      exitCode: 6,
      message: `another run holds the lock: process ${child.pid}, lvmbackup apply -y, since 2026-11-23T09:00:00.000Z`,
    }),
  );
  child.kill();
  await ended;
});

test('a holder that is killed leaves no stale lock', async () => {
  const { child, ended } = await holder();
  child.kill('SIGKILL');
  await ended;
  const lock = acquireLock(['apply'], NOW, path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    pid: process.pid,
    command: ['apply'],
    start: NOW.toISOString(),
  });
  lock.release();
});

test('a child that inherits it holds it on after its parent is gone', async () => {
  const { child, ended, firstLine } = await holder(
    `const child = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', lock.fd], detached: true });
     console.log(child.pid);`,
  );
  child.kill('SIGKILL');
  await ended;
  const heir = Number(firstLine);
  expect(() => acquireLock(['apply'], NOW, path)).toThrow(
    expect.objectContaining({
      exitCode: 6,
      message: expect.stringContaining(`a program that was started by process ${child.pid}, lvmbackup apply`),
    }),
  );
  process.kill(heir, 'SIGKILL');
  const lock = await released(path);
  lock.release();
});

/** The kernel lets go when the process is taken apart, which is a moment after the signal. */
async function released(file: string) {
  for (;;) {
    try {
      return acquireLock(['apply'], NOW, file);
    } catch (error) {
      if ((error as UserError).exitCode !== 6) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test('a child that does not inherit it holds nothing', async () => {
  const { child, ended, firstLine } = await holder(
    "console.log(spawn('sleep', ['600'], { stdio: 'ignore', detached: true }).pid);",
  );
  child.kill('SIGKILL');
  await ended;
  acquireLock(['apply'], NOW, path).release();
  process.kill(Number(firstLine), 'SIGKILL');
});

test('it is free again after its release, and its file is for its owner alone', () => {
  acquireLock(['apply'], NOW, path).release();
  const lock = acquireLock(['adopt'], NOW, path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  lock.release();
});

test('a longer name of an earlier holder leaves nothing behind', () => {
  writeFileSync(path, `${'x'.repeat(500)}\n`);
  const lock = acquireLock([], NOW, path);
  expect(() => JSON.parse(readFileSync(path, 'utf8'))).not.toThrow();
  lock.release();
});

test('a link in its place is not followed', () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, path);
  expect(() => acquireLock([], NOW, path)).toThrow(/the lock file .* cannot be opened/);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});
