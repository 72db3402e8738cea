/** Runs that do not go as planned: what was opened is closed, and nothing torn is called complete. */
import { afterEach, expect, test } from 'vitest';
import { backupDigest, expectNothingLeft, MiB, machine } from './backup.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

test('an interrupted run closes what it opened; the next one does the whole job', async () => {
  on = await machine(
    [325, 400, 500],
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S
    head -c 20971520 /dev/urandom | dd of=/dev/S/root conv=notrunc,fsync status=none
    vgcreate -q B /dev/vdb
  `,
  );
  await on.write(
    '/root/backup.yaml',
    'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root, snapshot: {lend: /dev/vdc}}]\n',
  );
  const job = on.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
  await job.until(/"action\.progress"/);
  job.kill('SIGINT');
  expect(await job.wait()).toMatchObject({ exitCode: 130 });
  await expectNothingLeft(on);
  expect((await on.run(['blkid', '-p', '/dev/vdc'])).stdout).toBe('');
  expect((await volumes(on)).join('\n')).toContain('lvmbackup.state=incomplete');
  expect((await lvmbackup(on, 'apply', '-y')).exitCode).toBe(0);
  await expectNothingLeft(on);
  expect(await backupDigest(on, 'B/root-backup', 324 * MiB)).toBe(await sha256(on, '/dev/S/root'));
});

test('a snapshot that overflows fails its source alone, and its copy is not called complete', async () => {
  on = await machine(
    [300, 300],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 25 -n hot S
    lvcreate -q -y -l 4 -n cold S
    head -c 16777216 /dev/urandom > /dev/S/cold
    vgcreate -q B /dev/vdb
  `,
  );
  await on.write(
    '/root/backup.yaml',
    'version: 1\ngroup: {name: B}\nvolumes:\n  - {source: S/hot, snapshot: {size: 1 extents}}\n  - source: S/cold\n',
  );
  const plan = await lvmbackup(on, 'plan');
  expect(plan.stdout).toContain('may-overflow');
  const writer = on.start([
    'sh',
    '-c',
    'while :; do dd if=/dev/urandom of=/dev/S/hot bs=1M oflag=direct; done',
  ]);
  const applied = await lvmbackup(on, 'apply', '-y');
  writer.kill('SIGKILL');
  await writer.wait();
  expect(applied.exitCode, applied.stderr).toBe(5);
  expect(applied.stderr).toContain('S/hot');
  await expectNothingLeft(on);
  const lines = await volumes(on);
  expect(lines.find((line) => line.startsWith('B/hot-backup'))).toContain('lvmbackup.state=incomplete');
  expect(lines.find((line) => line.startsWith('B/cold-backup'))).toContain('lvmbackup.state=complete');
  expect(await backupDigest(on, 'B/cold-backup', 16 * MiB)).toBe(await sha256(on, '/dev/S/cold'));
});

test.runIf(FULL)(
  'the source writes on while it is copied: the copy is the moment of the snapshot',
  async () => {
    on = await machine(
      [200, 200],
      'vgcreate -q S /dev/vda; vgcreate -q B /dev/vdb; lvcreate -q -y -l 16 -n log S',
    );
    const lab = on;
    await sh(
      lab,
      'mke2fs -q -t ext4 /dev/S/log; mkdir -p /mnt/log; mount /dev/S/log /mnt/log; echo then > /mnt/log/state',
    );
    await lab.write('/root/backup.yaml', 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/log}]\n');
    const job = lab.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
    await job.until(/"action\.progress"/);
    await sh(lab, 'echo now > /mnt/log/state; sync');
    expect(await job.wait()).toMatchObject({ exitCode: 0 });
    await sh(
      lab,
      `
    lvchange -y -ay -K B/log-backup
    e2fsck -fy /dev/B/log-backup || [ $? = 1 ]
    mkdir -p /mnt/check && mount -o ro /dev/B/log-backup /mnt/check
  `,
    );
    expect(await lab.read('/mnt/check/state')).toBe('then\n');
    await sh(lab, 'umount /mnt/check');
  },
);

test.runIf(FULL)('a small snapshot under a writer: invalid as it is, held where it may grow', async () => {
  on = await machine(
    [200, 120],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 20 -n hot S
    head -c 83886080 /dev/urandom > /dev/S/hot
    sha256sum < /dev/S/hot > /tmp/before
    vgcreate -q B /dev/vdb
  `,
  );
  const lab = on;
  const file = (snapshot: string) =>
    `version: 1\ngroup: {name: B}\nvolumes: [{source: S/hot, limit: {rate: 8MiB/s}, snapshot: {${snapshot}}}]\n`;
  /** Forty MiB over the origin in steps of half a MiB, from the beginning of the copy on: more than the snapshot has. */
  const writer = `for i in $(seq 0 79); do
    dd if=/dev/urandom of=/dev/S/hot bs=512k count=1 seek=$i oflag=direct conv=notrunc status=none; sleep 0.05; done`;
  const underWriter = async () => {
    const job = lab.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
    await job.until(/"action\.progress"/);
    await lab.ok('sh', '-c', writer);
    return job.wait();
  };

  await lab.write('/root/backup.yaml', file('size: 4 extents'));
  const invalid = await underWriter();
  expect(invalid.exitCode, invalid.stdout + invalid.stderr).toBe(1);
  expect(invalid.stdout).toContain('overflowed');
  await expectNothingLeft(lab);

  await sh(lab, 'sha256sum < /dev/S/hot > /tmp/before');
  await lab.write('/root/backup.yaml', file('size: 4 extents, extend: {at: 50%, by: 50%}'));
  const plan = await lvmbackup(lab, 'plan');
  expect(plan.stdout).toContain('grows when 50% full: 2 at a time, 17 in all');
  const grown = await underWriter();
  expect(grown.exitCode, grown.stdout + grown.stderr).toBe(0);
  expect(grown.stdout).toContain('the snapshot S/hot-snap grew by');
  await expectNothingLeft(lab);
  const before = (await lab.read('/tmp/before')).split(' ')[0];
  expect(await backupDigest(lab, 'B/hot-backup', 80 * MiB)).toBe(before);
  expect(await lab.ok('vgs', '--noheadings', '-o', 'vg_free_count', 'S')).toMatch(/^\s*29\s*$/);
});
