/** Every refusal on real LVM, with the proof that nothing changed: each group's sequence number and the bytes. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MiB, machine, unchanged } from './backup.ts';
import { lvmbackup, sh } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab;
afterEach(() => on.close());

/** Apply refuses with this code, exit 4, and not a byte of these devices is another. */
async function refused(code: string, file: string, devices: readonly string[] = []): Promise<void> {
  await on.write('/root/backup.yaml', file);
  await unchanged(on, devices, async () => {
    const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y');
    expect(stdout + stderr).toContain(code);
    expect(exitCode, stdout + stderr).toBe(4);
  });
}

const file = (rest: string, group = 'B') =>
  `version: 1\ngroup: {name: ${group}}\nvolumes: [{source: S/root${rest}}]\n`;

describe('a full source group, refused for', () => {
  beforeEach(async () => {
    on = await machine(
      [100, 60, 40, 40],
      `
      vgcreate -q S /dev/vda
      lvcreate -q -y -l 100%FREE -n root S
      vgcreate -q B /dev/vdb
      mke2fs -q -t ext4 /dev/vdc
    `,
    );
  });

  test('space, lent devices and the backup volume', async () => {
    await refused('insufficient-space', file(''));
    await refused('device-not-blank', file(', snapshot: {lend: /dev/vdc}'), ['/dev/vdc']);
    await refused('device-missing', file(', snapshot: {lend: /dev/vdz}'));
    await refused('device-in-use', file(', snapshot: {lend: /dev/vdb}'));
    await sh(on, 'mkdir -p /mnt/c && mount /dev/vdc /mnt/c');
    await refused('device-in-use', file(', snapshot: {lend: /dev/vdc}'));
    await sh(on, 'dd if=/dev/urandom of=/dev/vdd bs=1M count=1 seek=39 status=none');
    await refused('device-not-blank', file(', snapshot: {lend: /dev/vdd}'), ['/dev/vdd']);
    await refused('group-missing', file('', 'Nowhere'));
    await sh(on, 'lvcreate -q -y -l 5 -n root-backup B');
    await refused('not-owned', file(''), ['/dev/B/root-backup']);
    await sh(
      on,
      'lvchange -q --addtag lvmbackup --addtag lvmbackup.source=S/other --addtag lvmbackup.sourceid=a/b B/root-backup; lvchange -q -an B/root-backup',
    );
    await refused('other-source', file(''), ['/dev/vdb']);
  });
});

test.runIf(FULL)(
  'the source: missing, a pool, a snapshot of either kind, a torn restore, a name that is taken',
  async () => {
    on = await machine(
      [200, 100],
      `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 4 -n root S
    lvcreate -q -y -l 1 -n root-snap S
    lvcreate -q -y -l 4 -n back --addtag lvmbackup.restoring=x S
    lvcreate -q -y --type thin-pool -l 8 -n pool S
    lvcreate -q -y --thin -V 20m -n thin S/pool
    lvcreate -q -y -s -kn -n thinsnap S/thin
    lvcreate -q -y -s -l 1 -n old S/back
    vgcreate -q B /dev/vdb
  `,
    );
    const source = (name: string) => `version: 1\ngroup: {name: B}\nvolumes: [{source: S/${name}}]\n`;
    await refused('name-taken', source('root'));
    await refused('source-missing', source('nowhere'));
    await refused('source-restoring', source('back'));
    await refused('source-unsupported', source('thinsnap'));
    await refused('source-unsupported', source('old'));
    await refused('source-unsupported', source('pool'));
    // A disk that LVM holds, though nothing on it is mounted.
    await refused(
      'source-in-use',
      'version: 1\ngroup: {name: B}\nvolumes: [{source: /dev/vda, backup: disk-backup}]\n',
    );
  },
);

test.runIf(FULL)('a backup volume that is mounted', async () => {
  on = await machine(
    [100, 100],
    'vgcreate -q S /dev/vda; lvcreate -q -y -l 4 -n root S; mke2fs -q -t ext4 /dev/S/root; vgcreate -q B /dev/vdb',
  );
  await on.write('/root/backup.yaml', file(''));
  expect((await lvmbackup(on, 'apply', '-y')).exitCode).toBe(0);
  await sh(on, 'lvchange -y -ay -K B/root-backup; mkdir -p /mnt/b; mount -o ro /dev/B/root-backup /mnt/b');
  await refused('target-in-use', file(''), ['/dev/B/root-backup']);
});

test.runIf(FULL)('sectors of another size, and a group with a device missing', async () => {
  const sizes = [100, 60, 60, 60];
  on = await bootLab({
    disks: sizes.map((size, index) => ({ size: size * MiB, logicalSector: index === 2 ? 4096 : 512 })),
  });
  await sh(
    on,
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S
    vgcreate -q B /dev/vdb /dev/vdd
  `,
  );
  await refused('block-size-mismatch', file(', snapshot: {lend: /dev/vdc}'), ['/dev/vdc']);
  const [first, second, third] = await on.powerCut();
  if (!first || !second || !third) throw new Error('a disk is missing');
  const before = on;
  on = await bootLab({ disks: [first, second, third] });
  await sh(on, 'vgchange -q -ay S');
  await refused('group-unusable', file(''));
  await before.close();
});

test('a saved plan runs once; a second time, or after a change, it is stale', async () => {
  on = await machine(
    [100, 100],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 4 -n root S
    vgcreate -q B /dev/vdb
  `,
  );
  await on.write('/root/backup.yaml', file(''));
  expect((await lvmbackup(on, 'plan', '--out', 'one.plan')).exitCode).toBe(0);
  expect(await on.ok('stat', '-c', '%a', '/root/one.plan')).toBe('600\n');
  expect((await lvmbackup(on, 'apply', 'one.plan')).exitCode).toBe(0);
  await unchanged(on, [], async () => {
    const again = await lvmbackup(on, 'apply', 'one.plan');
    expect(again.stderr).toContain('stale-plan');
    expect(again.exitCode).toBe(4);
  });
});
