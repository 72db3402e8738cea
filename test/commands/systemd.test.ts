import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleProgram, ran } from '../helpers/program.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'systemd-'));
  program = await bundleProgram(folder);
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Units as systemd itself reads them; what it does not know or cannot start is a failure. */
function verified(units: string): string {
  const files = readdirSync(units).map((name) => join(units, name));
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
  });
  if (error) throw new Error(`systemd-analyze cannot be run (apt-get install systemd): ${error.message}`);
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('lvmbackup'));
  return ours.length === 0 && status !== 0 ? `${stdout}${stderr}` : ours.join('\n');
}

function folderOf(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

/** The value of a key that stands once. */
function value(unit: string, key: string): string | undefined {
  const found = unit.split('\n').filter((line) => line.startsWith(`${key}=`));
  expect(found.length, key).toBeLessThan(2);
  return found[0]?.slice(key.length + 1);
}

test('systemd takes the units, and they start this program on the file', async () => {
  const out = folderOf('units');
  const { code, stderr } = await ran(program, ['systemd', '--out', out]);
  expect(code).toBe(0);
  expect(stderr).toContain('systemctl enable --now lvmbackup.timer');
  expect(readdirSync(out).sort()).toEqual([
    'lvmbackup-failed.service',
    'lvmbackup.service',
    'lvmbackup.timer',
  ]);
  writeFileSync(join(folder, 'hook'), '#!/bin/sh\n', { mode: 0o755 });
  expect(verified(out).replace(/.*on-failure.*not executable.*\n?/, '')).toBe('');
  const service = readFileSync(join(out, 'lvmbackup.service'), 'utf8');
  const [node, script, ...args] = value(service, 'ExecStart')?.split(' ') ?? [];
  expect([node, script]).toEqual([process.execPath, program]);
  expect(args).toEqual(['apply', '--auto-approve', '--file', '/etc/lvmbackup/backup.yaml']);
  expect(value(service, 'OnFailure')).toBe('lvmbackup-failed.service');
});

test('a unit that is wrong is found to be so', () => {
  const out = folderOf('wrong');
  writeFileSync(join(out, 'lvmbackup.service'), '[Service]\nType=oneshoot\nExecStart=/nowhere/lvmbackup\n');
  expect(verified(out)).toContain('oneshoot');
});

describe('what a stop of the service must not break', () => {
  test('the signal goes to the program alone, and it has the time of the longest closing sequence', async () => {
    const { stdout } = await ran(program, ['systemd']);
    expect(value(stdout, 'KillMode')).toBe('mixed');
    expect(value(stdout, 'KillSignal')).toBe('SIGTERM');
    // The hooks after a run, on success or failure and to the end: 5 minutes each, as the format says.
    const minutes = /^(\d+)min$/.exec(value(stdout, 'TimeoutStopSec') ?? '')?.[1];
    expect(Number(minutes)).toBeGreaterThan(3 * 5);
  });

  test('nothing gives the service mounts or devices of its own', async () => {
    const { stdout } = await ran(program, ['systemd']);
    expect(stdout).not.toMatch(
      /^(Private|ProtectSystem|ProtectHome|ProtectKernel|ProtectClock|ReadWrite|ReadOnly|Device|MemoryDeny|NoNewPriv)/m,
    );
  });
});

test('names, files and times are written so that systemd reads them as they are', async () => {
  const out = folderOf('odd');
  const file = join(folder, 'a $HOME 100% "x".yaml');
  writeFileSync(file, '');
  const { code } = await ran(program, [
    'systemd',
    ...['--name', 'lvmbackup-vm', '--file', file, '--calendar', 'Mon..Fri 03:00', '--out', out],
    ...['--program', program, '--on-failure', join(folder, 'hook')],
  ]);
  expect(code).toBe(0);
  expect(verified(out)).toBe('');
  const service = readFileSync(join(out, 'lvmbackup-vm.service'), 'utf8');
  expect(value(service, 'ExecStart')).toContain('a $$HOME 100%% \\"x\\".yaml"');
  expect(readFileSync(join(out, 'lvmbackup-vm.timer'), 'utf8')).toContain('OnCalendar=Mon..Fri 03:00\n');
});

test.each([
  [['--name', '../x'], 'cannot be the name of a unit'],
  [['--calendar', 'daily\nExecStart=/bin/sh'], 'cannot be written into a unit'],
  [['--file', 'x\\'], 'cannot be written into a unit'],
])('%j is refused', async (args, message) => {
  const { code, stderr } = await ran(program, ['systemd', ...args]);
  expect(code).toBe(3);
  expect(stderr).toContain(message);
});

test('units that someone has changed are not written over, and the same again is fine', async () => {
  const out = folderOf('kept');
  expect((await ran(program, ['systemd', '--out', out])).code).toBe(0);
  expect((await ran(program, ['systemd', '--out', out])).code).toBe(0);
  writeFileSync(join(out, 'lvmbackup.timer'), 'mine');
  const again = await ran(program, ['systemd', '--out', out, '--calendar', 'weekly']);
  expect(again.code).toBe(4);
  expect(readFileSync(join(out, 'lvmbackup.timer'), 'utf8')).toBe('mine');
});
