/** What a backup is for: points brought back over damage, to new volumes, from a rescue system, on another machine. */
import { afterEach, expect, test } from 'vitest';
import { backUp, expectNothingLeft, MiB, machine } from './backup.ts';
import { facts, liveInventory, predicted } from './prediction.ts';
import { lvmbackup, PROGRAM, seqnos, sh, sha256, volumes } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

const FILE = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root}]\n';
const SIZE = 48 * MiB;

async function line(lab: Lab, volume: string): Promise<string> {
  return (await volumes(lab)).find((one) => one.startsWith(`${volume} `)) ?? '';
}

async function refused(lab: Lab, exitCode: number, text: string, ...args: string[]): Promise<void> {
  const before = await seqnos(lab);
  const { stdout, stderr, ...rest } = await lvmbackup(lab, 'restore', ...args);
  expect(rest.exitCode, stdout + stderr).toBe(exitCode);
  expect(stdout + stderr).toContain(text);
  expect(await seqnos(lab)).toBe(before);
}

/** Gives the result of the copy. */
async function restore(lab: Lab, ...args: string[]) {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, ...args, '--format', 'json');
  expect(exitCode, stdout + stderr).toBe(0);
  const events = stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
  expect((await volumes(lab)).join('\n')).not.toContain('restoring');
  expect(await line(lab, 'B/root-backup')).not.toContain(' active ');
  return events.find(({ type, result }) => type === 'action.done' && result).result;
}

const digestOf = (lab: Lab, device: string) =>
  sh(lab, `head -c ${SIZE} ${device} | sha256sum`).then((text) => text.split(' ')[0]);

test('over a damaged origin, to a new volume, from a rescue system, and on a machine that has the backup disk alone', async () => {
  on = await machine(
    [112, 64, 80],
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 12 -n root S
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/S/root
    mkdir -p /mnt/root; mount /dev/S/root /mnt/root
    head -c 9000000 /dev/urandom > /mnt/root/kept; cp /mnt/root/kept /tmp; sync
    vgcreate -q B /dev/vdb; vgcreate -q -s 8m N /dev/vdc
  `,
  );
  let lab = on;
  await backUp(lab, FILE);
  await refused(lab, 3, 'did you mean S/root?', 'S/rot');
  await refused(lab, 3, 'no restore point 2020-', 'S/root', '--point', '2020-01-01T00:00:00Z');
  await refused(lab, 4, 'S/root is open or mounted', 'S/root', '-y');
  await refused(lab, 4, 'is a volume of lvmbackup itself', 'S/root', '--to', 'B/root-backup', '-y');
  await refused(lab, 4, 'not confirmed', 'S/root', '--to', 'N/root');
  expect((await lvmbackup(lab, 'status', '--history')).stdout).toContain('not confirmed');

  // To a new volume, while the origin is in use: predicted, and held against what LVM reports.
  const before = await liveInventory(lab);
  const planned = await lvmbackup(
    lab,
    'restore',
    'S/root',
    '--to',
    'N/root',
    '--out',
    'r.plan',
    '--format',
    'json',
  );
  expect(planned.exitCode, planned.stderr).toBe(0);
  expect(await restore(lab, 'apply', 'r.plan')).toMatchObject({ mode: 'full' });
  const prediction = predicted(before, JSON.parse(planned.stdout));
  expect(facts(await liveInventory(lab), new Set())).toEqual(facts(prediction, new Set()));
  expect(await line(lab, 'N/root')).toBe(`N/root ${SIZE} active`);
  await sh(
    lab,
    'e2fsck -fn /dev/N/root; mkdir -p /mnt/n; mount -o ro,noload /dev/N/root /mnt/n; cmp /mnt/n/kept /tmp/kept; umount /mnt/n',
  );
  const point = await digestOf(lab, '/dev/N/root');
  const stale = await lvmbackup(lab, 'apply', 'r.plan');
  expect(stale).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('stale-plan') });

  // The mounted root is wrecked and the machine dies: the rescue system is the same machine without it mounted.
  await sh(
    lab,
    'rm /mnt/root/kept; sync; head -c 3145728 /dev/urandom | dd of=/dev/S/root bs=1M seek=1 conv=notrunc,fsync status=none',
  );
  const disks = await lab.powerCut();
  on = lab = await bootLab({ disks });
  await sh(lab, 'vgchange -q -ay S N');
  const job = lab.start([process.execPath, PROGRAM, 'restore', 'S/root', '-y', '--format', 'json'], {
    cwd: '/root',
  });
  await job.until(/"action.progress"/);
  job.kill('SIGKILL');
  await job.wait();
  await lab.write('/root/backup.yaml', FILE);
  if ((await line(lab, 'S/root')).includes('restoring')) {
    const backup = await lvmbackup(lab, 'apply', '-y');
    expect(backup).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('source-restoring') });
  }
  await sh(lab, 'rm -f /root/backup.yaml');
  const result = await restore(lab, 'restore', 'S/root', '-y');
  expect(result).toMatchObject({ mode: 'compare' });
  expect(await line(lab, 'S/root')).toBe(`S/root ${SIZE} active`);
  expect(await digestOf(lab, '/dev/S/root')).toBe(point);
  await sh(
    lab,
    'e2fsck -fn /dev/S/root; mkdir -p /mnt/root; mount /dev/S/root /mnt/root; test -s /mnt/root/kept; umount /mnt/root',
  );

  // A little damage costs a little: an inactive target is read, written where it differs, and inactive again.
  await sh(
    lab,
    'printf damage | dd of=/dev/S/root bs=1 seek=20000000 conv=notrunc,fsync status=none; lvchange -an S/root',
  );
  const small = await restore(lab, 'restore', 'S/root', '-y');
  expect(small.bytesWritten).toBeLessThanOrEqual(MiB + MiB + MiB / 4);
  expect(await line(lab, 'S/root')).toBe(`S/root ${SIZE}`);
  await sh(lab, 'lvchange -ay S/root');
  expect(await digestOf(lab, '/dev/S/root')).toBe(point);
  expect((await restore(lab, 'restore', 'S/root', '-y')).bytesWritten).toBe(0);
  await expectNothingLeft(lab);
  await lab.powerCut();

  // Another machine: the backup disk, an empty one, and no file.
  on = lab = await bootLab({ disks: [...disks.slice(1, 2), { size: 80 * MiB }] });
  await sh(lab, 'vgcreate -q -s 8m M /dev/vdb');
  const { points } = JSON.parse((await lvmbackup(lab, 'points', '--group', 'B', '--format', 'json')).stdout);
  expect(points).toMatchObject([
    { source: 'S/root', volume: 'B/root-backup', state: 'complete', size: SIZE, verified: { ok: true } },
  ]);
  await refused(lab, 4, 'there is no group S', 'S/root', '-y');
  await refused(lab, 4, 'insufficient-space', 'S/root', '--to', 'B/x', '-y');
  await restore(lab, 'restore', 'S/root', '--point', points[0].time, '--to', 'M/root', '-y');
  expect(await digestOf(lab, '/dev/M/root')).toBe(point);
  await sh(lab, 'e2fsck -fn /dev/M/root');

  // A point that has rotted: found before a byte is written; by its name it is taken all the same, and that is said.
  await sh(
    lab,
    'lvchange -ay -K B/root-backup; printf rot | dd of=/dev/B/root-backup bs=1 seek=31457290 conv=notrunc,fsync status=none; lvchange -an B/root-backup',
  );
  await sh(
    lab,
    'lvchange --deltag lvmbackup.verified=$(lvs --noheadings -o lv_tags B/root-backup | sed "s/.*verified=//;s/,.*//") B/root-backup',
  );
  const whole = await sha256(lab, '/dev/M/root');
  const rotten = await lvmbackup(lab, 'restore', 'S/root', '--to', 'M/root', '-y');
  expect(rotten).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Nothing was written to M/root'),
  });
  expect(await sha256(lab, '/dev/M/root')).toBe(whole);
  expect(await line(lab, 'B/root-backup')).toMatch(/state=damaged.*verified=[^,]*:damaged/);
  await refused(lab, 4, 'point-damaged', 'S/root', '--to', 'M/root', '-y');
  const named = await lvmbackup(lab, 'restore', 'S/root', '--to', 'M/root', '--point', points[0].time, '-y');
  expect(named).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('point-damaged') });
});

const POOLED = `version: 1
group: {name: B, pool: {name: p, size: 90%FREE, metadata: 4MiB}}
defaults: {keep: {last: 2}}
volumes: [{source: S/thin}, {source: /dev/vdc1, backup: part-backup}]
`;

const UNTIL_WRITTEN =
  'i=0; while [ $i -lt 600 ] && ! cmp -s -n 1048576 /dev/vdc1 /dev/zero; do sleep 0.1; i=$((i + 1)); done';

test.runIf(process.env.FULL !== undefined)(
  'points in a pool, onto a thin volume and onto a partition: one that was killed is no source until it is done again',
  async () => {
    on = await machine(
      [160, 160, 40],
      `
      printf 'size=32MiB\\n' | sfdisk -q --label gpt /dev/vdc
      vgcreate -q S /dev/vda; lvcreate -q -y --type thin-pool -l 20 --chunksize 64k -n pool S
      lvcreate -q -y --thin -V 24m -n thin S/pool
      head -c 25165824 /dev/urandom > /dev/S/thin; head -c 33554432 /dev/urandom > /dev/vdc1; sync
      vgcreate -q B /dev/vdb
    `,
    );
    const lab = on;
    const sums = () => Promise.all([sha256(lab, '/dev/S/thin'), sha256(lab, '/dev/vdc1')]);
    await backUp(lab, POOLED);
    const [thin, part] = await sums();
    await sh(
      lab,
      'for d in S/thin vdc1; do head -c 9000000 /dev/urandom | dd of=/dev/$d bs=4096 seek=500 conv=notrunc,fsync status=none; done',
    );
    const shown = await lvmbackup(lab, 'restore', 'S/thin', '-v', '--out', '/root/restore.plan');
    expect(shown.stdout).toContain('lvmbackup.restoring=');
    for (const source of ['S/thin', '/dev/vdc1']) {
      const done = await lvmbackup(lab, 'restore', source, '-y');
      expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    }
    expect(await sums()).toEqual([thin, part]);
    await expectNothingLeft(lab);

    // Killed while the partition is written: its first MiB is zero, and nobody could mount it.
    await sh(
      lab,
      'head -c 30000000 /dev/urandom | dd of=/dev/vdc1 bs=4096 seek=500 conv=notrunc,fsync status=none',
    );
    const job = lab.start([process.execPath, PROGRAM, 'restore', '/dev/vdc1', '-y'], { cwd: '/root' });
    await sh(lab, UNTIL_WRITTEN);
    job.kill('SIGKILL');
    await job.wait();
    const night = await lvmbackup(lab, 'apply', '-y');
    expect(night, night.stdout + night.stderr).toMatchObject({
      exitCode: 4,
      stdout: expect.stringContaining('/dev/vdc1 is the target of a restore that was not finished'),
    });
    expect((await lvmbackup(lab, 'status')).stdout).toContain('/dev/vdc1');
    const again = await lvmbackup(lab, 'restore', '/dev/vdc1', '-y');
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(await sha256(lab, '/dev/vdc1')).toBe(part);
    const next = await lvmbackup(lab, 'apply', '-y');
    expect(next.exitCode, next.stdout + next.stderr).toBe(0);
    expect((await volumes(lab)).join('\n')).not.toContain('restoring');
  },
  600_000,
);
