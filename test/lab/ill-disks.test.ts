/**
 * Disks that fail, vanish or do not answer, below each device that a run uses: what was opened is closed, the sources
 * that it does not concern are backed up, and the older point of what it does concern is what it was.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { oneTrial } from '../helpers/faults.ts';
import { expectNothingLeft, machine } from './backup.ts';
import { completeCopies } from './copies.ts';
import { lvmbackup, PROGRAM, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

/** Of each layer, in sectors. */
const SIZE = { source: 40_960, snapshots: 81_920, backup: 163_840 };
type Layer = keyof typeof SIZE;
const DISK: Record<Layer, string> = { source: '/dev/vda', snapshots: '/dev/vdb', backup: '/dev/vdc' };

const linear = (layer: Layer) => `0 ${SIZE[layer]} linear ${DISK[layer]} 2048`;

/** The layer reads and writes as the disk below, but for these sectors. */
function withHole(layer: Layer, from: number, count: number): string {
  const after = from + count;
  return [
    `0 ${from} linear ${DISK[layer]} 2048`,
    `${from} ${count} error`,
    `${after} ${SIZE[layer] - after} linear ${DISK[layer]} ${2048 + after}`,
  ].join('\n');
}

const FILE = `version: 1
group: {name: B}
volumes:
  - {source: S/data, keep: {last: 2}, limit: {rate: 4MiB/s}}
  - {source: T/other}
`;

let on: Lab;
/** Whatever S/data held when a backup of it was completed. */
const contents = new Set<string>();

beforeAll(async () => {
  const create = (layer: Layer) =>
    `dmsetup create --noudevsync --noudevrules ${layer} --table '${linear(layer)}'`;
  on = await machine(
    [24, 48, 96, 24],
    `
    modprobe dm-flakey
    ${(Object.keys(SIZE) as Layer[]).map(create).join('\n')}
    dmsetup mknodes
    vgcreate -q S /dev/mapper/source; lvcreate -q -y -l 100%FREE -n data S
    vgextend -q S /dev/mapper/snapshots
    vgcreate -q T /dev/vdd; lvcreate -q -y -l 2 -n other T
    vgcreate -q B /dev/mapper/backup
  `,
  );
  await on.write('/root/backup.yaml', FILE);
  for (let run = 0; run < 2; run += 1) {
    await change();
    const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y');
    expect(exitCode, stdout + stderr).toBe(0);
  }
});
afterAll(() => on?.close());

/** All of both sources, so that all of them is copied. */
async function change(): Promise<void> {
  await sh(
    on,
    'for v in S/data T/other; do head -c 20000000 /dev/urandom > /dev/$v 2> /dev/null || :; done; sync',
  );
  contents.add(await sha256(on, '/dev/S/data'));
}

async function lay(layer: Layer, table: string): Promise<void> {
  await sh(on, `dmsetup reload ${layer} <<'END'\n${table}\nEND\ndmsetup resume --noudevsync ${layer}`);
}

/** The points of S/data that call themselves complete: each holds what its source held once. */
async function wholePoints(): Promise<string[]> {
  const copies = (await completeCopies(on)).filter(({ source }) => source === 'S/data');
  for (const { volume, sum } of copies) expect(contents, volume).toContain(sum);
  return copies.map(({ sum }) => sum).sort();
}

async function otherIsBackedUp(): Promise<void> {
  const other = (await completeCopies(on)).find(({ source }) => source === 'T/other');
  expect(other?.sum).toBe(await sha256(on, '/dev/T/other'));
}

/** After the fault: the newest point before it is there yet, and the next run is as if nothing had been. */
async function isSurvived(points: readonly string[]): Promise<void> {
  expect((await wholePoints()).filter((sum) => points.includes(sum)).length).toBeGreaterThan(0);
  await change();
  const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y');
  expect(exitCode, stdout + stderr).toBe(0);
  await expectNothingLeft(on);
  expect(await wholePoints()).toHaveLength(2);
  expect(await wholePoints()).toContain(await sha256(on, '/dev/S/data'));
  await otherIsBackedUp();
}

/** Runs until it copies S/data, does that to the machine, and waits for the end. */
async function whileCopying(work: () => Promise<unknown>) {
  const job = on.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
  await job.until(/"action\.progress"/);
  await work();
  return job.wait();
}

const ill = (name: string, fault: string, work: () => Promise<void>, when = true) =>
  test.runIf(when)(name, () => oneTrial('disks that fail', fault, work));

ill(
  'the source cannot be read in places',
  'error below the source',
  async () => {
    const points = await wholePoints();
    await change();
    await lay('source', withHole('source', 20_480, 8));
    const { exitCode, stderr } = await lvmbackup(on, 'apply', '-y');
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toMatch(/S\/data.*at byte \d+: input\/output error/s);
    await expectNothingLeft(on);
    await otherIsBackedUp();
    await lay('source', linear('source'));
    await isSurvived(points);
  },
  FULL,
);

ill(
  'the backup volume cannot be written in places',
  'error below the backup volume',
  async () => {
    const points = await wholePoints();
    await change();
    // Both volumes of the rotation lie there; T/other's is behind them.
    await lay('backup', withHole('backup', 20_480, 45_056));
    const { exitCode, stderr } = await lvmbackup(on, 'apply', '-y');
    await lay('backup', linear('backup'));
    expect([1, 5], stderr).toContain(exitCode);
    expect(stderr).toMatch(/input\/output error/);
    await expectNothingLeft(on);
    await isSurvived(points);
  },
  FULL,
);

ill(
  'the device of the snapshot fails while it is copied',
  'error below the snapshot',
  async () => {
    const points = await wholePoints();
    await change();
    const { exitCode, stdout } = await whileCopying(async () => {
      await lay('snapshots', withHole('snapshots', 2064, SIZE.snapshots - 4096));
      await sh(on, 'head -c 8000000 /dev/urandom > /dev/S/data; sync');
    });
    await lay('snapshots', linear('snapshots'));
    expect(exitCode, stdout).toBe(5);
    await expectNothingLeft(on);
    await otherIsBackedUp();
    await isSurvived(points);
  },
  FULL,
);

ill('the backup disk is gone in the middle of a copy', 'a backup disk that is gone', async () => {
  const points = await wholePoints();
  await change();
  const { exitCode, stdout, stderr } = await whileCopying(() => lay('backup', `0 ${SIZE.backup} error`));
  expect([1, 5], stdout + stderr).toContain(exitCode);
  // Of what was opened only that disk itself is out of reach.
  expect(await on.ok('lvs', '--noheadings', '-o', 'lv_role', 'S')).not.toContain('snapshot');
  await lay('backup', linear('backup'));
  await isSurvived(points);
});

ill(
  'a disk that does not answer is told of by name, and waited for',
  'a backup disk that does not answer',
  async () => {
    const points = await wholePoints();
    await change();
    const job = on.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
    await job.until(/"action\.progress"/);
    await on.ok('dmsetup', 'suspend', 'backup');
    await job.until(/suspended: backup/);
    await on.ok('dmsetup', 'resume', 'backup');
    const { exitCode, stdout } = await job.wait();
    expect(exitCode, stdout).toBe(0);
    await expectNothingLeft(on);
    await isSurvived(points);
  },
  FULL,
);

for (const layer of Object.keys(SIZE) as Layer[]) {
  const failsAtTimes = async () => {
    const points = await wholePoints();
    await change();
    const { exitCode, stdout } = await whileCopying(() =>
      lay(layer, `0 ${SIZE[layer]} flakey ${DISK[layer]} 2048 1 1`),
    );
    await lay(layer, linear(layer));
    expect([0, 1, 5], stdout).toContain(exitCode);
    // LVM may have written to the group while the device was away: it is told that it is back, as the hint says.
    const hint = (await lvmbackup(on, 'recover')).stdout;
    const [command] = /vgextend --restoremissing \S+ \S+/.exec(hint) ?? [];
    if (command) await on.ok(...command.split(' '));
    const recovered = await lvmbackup(on, 'recover');
    expect(recovered.exitCode, recovered.stdout + recovered.stderr).toBe(0);
    await expectNothingLeft(on);
    await isSurvived(points);
  };
  ill(
    `the ${layer} fails for a second, answers for a second`,
    `flakey below the ${layer}`,
    failsAtTimes,
    FULL,
  );
}
