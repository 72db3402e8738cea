/** The freeze and its guard, with stand-ins for fsfreeze and mount: no file system is really frozen here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { heldFileSystems, letGoOfHeld } from '../../src/apply/held-records.ts';
import { holdStill } from '../../src/apply/quiesce.ts';
import { THAW_GUARD_ROLE } from '../../src/apply/thaw-guard.ts';
import { UserError } from '../../src/errors.ts';
import type { RunCommand } from '../../src/lvm/spawn.ts';
import type { Quiesce } from '../../src/plan/action.ts';
import { seconds } from '../../src/units.ts';
import { bundled, started } from '../helpers/bundled.ts';

let folder: string;
let guard: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quiesce-'));
  guard = await bundled(
    folder,
    "import { runThawGuard } from 'src/apply/thaw-guard.ts'; runThawGuard(process.argv.slice(3));",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = process.env.PATH;
let log: string;
beforeEach(() => {
  const bin = mkdtempSync(join(folder, 'bin-'));
  log = join(bin, 'log');
  appendFileSync(log, '');
  for (const name of ['fsfreeze', 'mount']) standIn(join(bin, name));
  process.env.PATH = bin;
});
afterEach(() => {
  process.env.PATH = path;
});

/** Writes down how it was called; with \`FAIL-…\` in the mount point the call of that kind fails. */
function standIn(file: string): void {
  writeFileSync(
    file,
    `#!/bin/sh
echo "\${0##*/} $*" >> '${log}'
case "$*" in
  *--freeze*FAIL-FREEZE*) echo "fsfreeze: /mnt: freeze failed: Operation not supported" >&2; exit 1;;
  *--unfreeze*FAIL-THAW*) echo "fsfreeze: /mnt: unfreeze failed: Invalid argument" >&2; exit 1;;
esac
`,
  );
  chmodSync(file, 0o755);
}

/** Where it is written down what is held: a folder that the guard makes. */
const records = () => join(log, '..', 'held');
const written = () => heldFileSystems(records());

const calls = () => readFileSync(log, 'utf8').trim().split('\n').filter(Boolean);

/** Until the guard has let go: it does so by itself here, whenever it is scheduled. */
async function untilLetGo(count = 2): Promise<string[]> {
  while (calls().length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return calls();
}

function quiesce(traits: Partial<Quiesce> = {}): Quiesce {
  return { mountPoint: '/mnt/x y', how: 'freeze', limit: seconds(600), ...traits };
}
const hold = (traits: Partial<Quiesce> = {}) =>
  holdStill(quiesce(traits), [process.execPath, guard], records());

test('a file system is frozen, and thawed when it is let go', async () => {
  const held = await hold();
  expect(calls()).toEqual(['fsfreeze --freeze /mnt/x y']);
  expect(written()).toEqual([{ mountPoint: '/mnt/x y', how: 'freeze', number: null }]);
  await held.release();
  expect(written()).toEqual([]);
  expect(calls()).toEqual(['fsfreeze --freeze /mnt/x y', 'fsfreeze --unfreeze /mnt/x y']);
});

test('one that cannot be frozen is remounted read-only, and back', async () => {
  const held = await hold({ how: 'remount' });
  await held.release();
  expect(calls()).toEqual(['mount -o remount,ro /mnt/x y', 'mount -o remount,rw /mnt/x y']);
});

test('one that refuses is an error with its reason, and is not thawed: another may hold it', async () => {
  const failed = hold({ mountPoint: '/mnt/FAIL-FREEZE' });
  await expect(failed).rejects.toBeInstanceOf(UserError);
  await expect(failed).rejects.toThrow(
    /^\/mnt\/FAIL-FREEZE could not be held still: fsfreeze: .* Operation not supported$/,
  );
  expect(calls()).toHaveLength(1);
  expect(written()).toEqual([]);
});

test('it is let go when its time is up, and the copy learns that it was not of one moment', async () => {
  const held = await hold({ limit: seconds(0) });
  await untilLetGo();
  const released = held.release();
  await expect(released).rejects.toThrow(/held still for 0 s, then let go, before the copy was done/);
  await expect(released).rejects.toMatchObject({ hint: expect.stringContaining('freezeLimit') });
  expect(calls()).toHaveLength(2);
});

test('one that cannot be thawed is named, with the command that does it by hand', async () => {
  const held = await hold({ mountPoint: '/mnt/FAIL-THAW' });
  const released = held.release();
  await expect(released).rejects.toThrow(
    /^\/mnt\/FAIL-THAW may still be held: fsfreeze: .*Invalid argument$/,
  );
  await expect(released).rejects.toMatchObject({
    hint: 'let it go by hand: fsfreeze --unfreeze /mnt/FAIL-THAW',
  });
});

test('it is thawed when lvmbackup is killed', async () => {
  const program = join(folder, 'parent');
  mkdirSync(program, { recursive: true });
  const parent = await started(
    await bundled(
      program,
      `import { heldFileSystems, letGoOfHeld } from '../../src/apply/held-records.ts';
import { holdStill } from 'src/apply/quiesce.ts';
       const quiesce = { mountPoint: '/mnt/x', how: 'freeze', limit: 600 };
       holdStill(quiesce as never, [process.execPath, process.argv[2]], process.argv[3]).then(() => console.log('held'));
       setInterval(() => {}, 1000);`,
    ),
    [guard, records()],
  );
  expect(parent.firstLine).toBe('held');
  parent.child.kill('SIGKILL');
  await parent.ended;
  expect(await untilLetGo()).toEqual(['fsfreeze --freeze /mnt/x', 'fsfreeze --unfreeze /mnt/x']);
});

function startGuard() {
  const child = spawn(process.execPath, [guard, THAW_GUARD_ROLE, 'freeze', '/mnt/x', '600', records()], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { child, ended: once(child, 'exit') };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('it is thawed, once, when %s comes', async (signal) => {
  const { child, ended } = startGuard();
  await once(child.stdout, 'data');
  child.kill(signal);
  child.kill(signal);
  child.stdin.end();
  await ended;
  expect(calls()).toEqual(['fsfreeze --freeze /mnt/x', 'fsfreeze --unfreeze /mnt/x']);
});

test('it is thawed when nobody listens any more, from its first word on', async () => {
  const { child, ended } = startGuard();
  child.stdout.destroy();
  await ended;
  expect(calls()).toEqual(['fsfreeze --freeze /mnt/x', 'fsfreeze --unfreeze /mnt/x']);
});

test('a guard that is killed cannot thaw: the error says so, with the command that does', async () => {
  const killed = join(folder, 'killed.cjs');
  writeFileSync(
    killed,
    "console.log('frozen'); process.stdin.on('data', () => {}).on('end', () => process.kill(process.pid, 'SIGKILL'));",
  );
  const held = await holdStill(quiesce(), [process.execPath, killed], records());
  const released = held.release();
  await expect(released).rejects.toThrow('/mnt/x y may still be held: the process that held it died');
  await expect(released).rejects.toMatchObject({ hint: expect.stringContaining('fsfreeze --unfreeze') });
});

describe('after a run and its guard were killed together', () => {
  async function killTogether(how: Quiesce['how'] = 'freeze', mountPoint = '/mnt/x') {
    const child = spawn(process.execPath, [guard, THAW_GUARD_ROLE, how, mountPoint, '600', records()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await ended;
  }

  const answering =
    (exitCode: number, stderr = ''): RunCommand =>
    async (argv) => ({ argv, exitCode, signal: null, stdout: '', stderr });
  const letGo = (run: RunCommand) => letGoOfHeld(run, records());

  test('the next one lets go, and forgets', async () => {
    await killTogether();
    const run = vi.fn(answering(0));
    expect(await letGo(run)).toEqual(['let go of /mnt/x, which a dead run held still']);
    expect(run.mock.calls).toEqual([[['fsfreeze', '--unfreeze', '/mnt/x']]]);
    expect(written()).toEqual([]);
    expect(await letGo(run)).toEqual([]);
  });

  test('what was remounted is made writable', async () => {
    await killTogether('remount');
    const run = vi.fn(answering(0));
    expect(await letGo(run)).toHaveLength(1);
    expect(run.mock.calls).toEqual([[['mount', '-o', 'remount,rw', '/mnt/x']]]);
  });

  test('one that is not frozen any more is forgotten', async () => {
    await killTogether();
    expect(await letGo(answering(1, 'fsfreeze: /mnt/x: unfreeze failed: Invalid argument'))).toEqual([]);
    expect(written()).toEqual([]);
  });

  test('where another file system is mounted now, nothing is done to it', async () => {
    await killTogether();
    const [record = ''] = readdirSync(records());
    const other = { how: 'freeze', mountPoint: '/', number: '0:0' };
    writeFileSync(join(records(), record), JSON.stringify(other));
    expect(await letGo(() => expect.unreachable())).toEqual([]);
    expect(written()).toEqual([]);
  });

  test('one that cannot be let go is an error, and stays written down', async () => {
    await killTogether();
    const failed = letGo(answering(1, 'fsfreeze: /mnt/x: unfreeze failed: Input/output error'));
    await expect(failed).rejects.toThrow('/mnt/x is held still by a dead run, and could not be let go');
    await expect(failed).rejects.toMatchObject({ hint: 'let it go by hand: fsfreeze --unfreeze /mnt/x' });
    expect(written()).toHaveLength(1);
  });

  test('what cannot be written down is not held', async () => {
    writeFileSync(records(), 'no folder');
    await expect(hold()).rejects.toThrow('/mnt/x y could not be held still: it cannot be written down');
    expect(calls()).toEqual([]);
  });
});
