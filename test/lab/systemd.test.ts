/**
 * The units under a systemd that runs: within what they close to the service, LVM, thin pools, hooks and the freezing
 * of a file system work; a stop closes what is open; a kill leaves nothing frozen, and the run is made up for.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNothingLeft, MiB } from './backup.ts';
import { completeCopies } from './copies.ts';
import { PROGRAM, sh, sha256 } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

const FILE = `version: 1
group: {name: B}
volumes:
  - source: S/root
    snapshot: {lend: /dev/vdc}
    hooks:
      before: [[mount, -t, tmpfs, hook, /mnt/hook]]
  - {source: T/thin, tracking: snapshot}
  - {source: /dev/vde, backup: boot-backup, freeze: true}
`;

let on: Lab;
beforeAll(async () => {
  if (!FULL) return;
  on = await bootLab({
    // Of what is a plain disk, its serial number tells which it is.
    disks: [25, 400, 40, 80, 200].map((size, nth) => ({ size: size * MiB, serial: `disk${nth}` })),
    services: 'systemd',
  });
  await sh(
    on,
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S; head -c 25165824 /dev/urandom > /dev/S/root
    vgcreate -q B /dev/vdb
    vgcreate -q T /dev/vdd; lvcreate -q -y --type thin-pool -l 12 -n pool T; lvcreate -q -y --thin -V 12m -n thin T/pool
    head -c 12582912 /dev/urandom > /dev/T/thin
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/vde
    mkdir -p /mnt/boot /mnt/hook /etc/lvmbackup
    mount /dev/vde /mnt/boot
    head -c 100000000 /dev/urandom > /mnt/boot/kernel`,
  );
  await on.write('/etc/lvmbackup/backup.yaml', FILE, 0o600);
  await on.write('/etc/lvmbackup/on-failure', '#!/bin/sh\nenv | grep ^MONITOR_ > /run/told\n', 0o755);
  await on.ok(process.execPath, PROGRAM, 'systemd', '--out', '/etc/systemd/system');
  // Nobody waits a minute for the next try here; the child that thaws has time to end, for systemd waits for it.
  await on.ok('mkdir', '/etc/systemd/system/lvmbackup.service.d');
  await on.write('/etc/systemd/system/lvmbackup.service.d/soon.conf', '[Service]\nRestartSec=15\n');
  await on.ok('systemctl', 'daemon-reload');
}, 600_000);
afterAll(() => on?.close());

/** systemd's own word for what came of it. */
const shown = async (property: string): Promise<string> =>
  (await on.ok('systemctl', 'show', '--value', '-p', property, 'lvmbackup.service')).trim();

const log = () => on.ok('journalctl', '--no-pager', '-o', 'cat', '-u', 'lvmbackup.service');

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    if (await condition()) return;
    await on.ok('sleep', '0.2');
  }
  throw new Error(`it never came to this: ${what}\n${await log()}`);
}

const succeeds = async (script: string) => (await on.run(['sh', '-c', script])).exitCode === 0;

/** Until the first blocks of the file system that is held frozen are copied. */
const untilFrozen = () =>
  until('the file system is frozen', async () => {
    const lastRun = (await log()).split('Starting lvmbackup.service').at(-1) ?? '';
    return /copy \/dev\/vde to B\/boot-backup\n +\[/.test(lastRun);
  });

/** On a file system that is frozen this hangs. */
const writable = () => on.run(['touch', '/mnt/boot/written'], { timeout: 60_000 });

async function expectAllComplete(): Promise<void> {
  const copies = await completeCopies(on);
  expect(copies.map(({ volume }) => volume)).toEqual(['B/boot-backup', 'B/root-backup', 'B/thin-backup']);
  const sums = new Map(copies.map(({ source, sum }) => [source, sum]));
  expect(sums.get('S/root')).toBe(await sha256(on, '/dev/S/root'));
  expect(sums.get('T/thin')).toBe(await sha256(on, '/dev/T/thin'));
}

test.runIf(FULL)(
  'within its sandbox the service makes the whole backup',
  async () => {
    const { exitCode } = await on.run(['systemctl', 'start', 'lvmbackup.service'], { timeout: 400_000 });
    expect(exitCode, await log()).toBe(0);
    expect(await shown('Result')).toBe('success');
    await expectAllComplete();
    await expectNothingLeft(on);
    // What a hook mounts is mounted for all, and what was frozen is not any more.
    await on.ok('findmnt', '/mnt/hook');
    await on.ok('umount', '/mnt/hook');
    expect((await writable()).exitCode).toBe(0);
    const told = await on.ok('journalctl', '--no-pager', '-o', 'cat', '-t', 'lvmbackup');
    expect(told).toContain('backup to B: done');
    expect(await on.ok('ls', '/var/lib/lvmbackup')).toContain('history');
    expect(await on.run(['test', '-e', '/run/told'])).toMatchObject({ exitCode: 1 });
  },
  600_000,
);

test.runIf(FULL)('the timer waits for its hour', async () => {
  await on.ok('systemctl', 'enable', '--now', 'lvmbackup.timer');
  expect(await on.ok('systemctl', 'list-timers', '--no-pager', 'lvmbackup.timer')).toMatch(
    /left.*lvmbackup/s,
  );
});

test.runIf(FULL)(
  'asked to stop in the middle of a copy, it closes what is open; that it stopped is told',
  async () => {
    await on.ok('systemctl', 'start', '--no-block', 'lvmbackup.service');
    await untilFrozen();
    await on.ok('systemctl', 'stop', 'lvmbackup.service');
    expect([await shown('ExecMainCode'), await shown('ExecMainStatus')]).toEqual(['1', '143']);
    expect((await writable()).exitCode).toBe(0);
    await expectNothingLeft(on);
    await until('the failure is told', () => succeeds('test -s /run/told'));
    expect(await on.read('/run/told')).toContain('MONITOR_EXIT_STATUS=143');
    expect(await on.read('/run/told')).toContain('MONITOR_UNIT=lvmbackup.service');
    await sh(on, 'umount /mnt/hook; rm /run/told');
  },
  600_000,
);

test.runIf(FULL).each([
  ['alone', 'main'],
  ['together with the child that thaws', 'all'],
])(
  'killed %s while a file system is frozen, it is thawed, and the run is made up for',
  async (_, who) => {
    // It was started often in this hour.
    await on.ok('systemctl', 'reset-failed');
    await on.ok('systemctl', 'start', '--no-block', 'lvmbackup.service');
    await untilFrozen();
    await on.ok('systemctl', 'kill', `--kill-who=${who}`, '-s', 'KILL', 'lvmbackup.service');
    if (who === 'main') expect((await writable()).exitCode).toBe(0);
    await sh(on, 'umount /mnt/hook');
    await until('it is made up for', async () => (await shown('NRestarts')) === '1');
    await until('it has ended', async () => (await shown('ActiveState')) === 'inactive');
    expect(await shown('Result'), await log()).toBe('success');
    if (who === 'all') expect(await log()).toContain('let go of /mnt/boot, which a dead run held still');
    expect((await writable()).exitCode).toBe(0);
    await expectAllComplete();
    await expectNothingLeft(on);
    expect(await on.ok('ls', '/run/lvmbackup.held')).toBe('');
  },
  600_000,
);
