import { afterAll, beforeAll, expect, test } from 'vitest';
import { lvmbackup, seqnos, sh, sha256, volumes } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const MiB = 1024 ** 2;

const FILE = `
version: 1
group:
  name: VolGroupBackupDisk
  devices: [/dev/vdb2]
  extentSize: 8MiB
defaults:
  refreshAfter: 20h
  snapshot: {lend: /dev/vdb1}
volumes:
  - source: VolGroupSSD/lvolroot
  - source: VolGroupSSD/lvolhome
`;

/** The guide's machine in small: a full group, and a disk with a partition to lend and one for the backups. */
let lab: Lab;
beforeAll(async () => {
  lab = await bootLab({ disks: [{ size: 161 * MiB }, { size: 512 * MiB }] });
  await sh(lab, `
    vgcreate -q VolGroupSSD /dev/vda
    lvcreate -q -y -l 16 -n lvolroot VolGroupSSD
    lvcreate -q -y -l 100%FREE -n lvolhome VolGroupSSD
    for name in lvolroot lvolhome; do
      mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/VolGroupSSD/$name
      mkdir -p /mnt/$name
      mount /dev/VolGroupSSD/$name /mnt/$name
      dd if=/dev/urandom of=/mnt/$name/before bs=1M count=10 status=none
    done
    printf 'size=140MiB\\nsize=300MiB\\n' | sfdisk -q --label gpt /dev/vdb
    mkdir -p /root
  `);
  await lab.write('/root/backup.yaml', FILE);
});
afterAll(() => lab?.close());

test('plan shows the whole job and changes nothing', async () => {
  const before = await seqnos(lab);
  const plan = await lvmbackup(lab, 'plan', '-v');
  console.log(plan.stdout, plan.stderr);
  expect(plan.exitCode).toBe(0);
  expect(plan.stdout).toContain('lend /dev/vdb1 to VolGroupSSD');
  expect(await seqnos(lab)).toBe(before);
});

test('apply without a terminal and without -y is refused, with nothing changed', async () => {
  const before = await seqnos(lab);
  const apply = await lvmbackup(lab, 'apply');
  expect(apply.exitCode).toBe(4);
  expect(await seqnos(lab)).toBe(before);
});

test('apply makes whole, owned, inactive backups while a writer is at work, and leaves nothing behind', async () => {
  const writer = lab.start([
    'sh',
    '-c',
    'while :; do dd if=/dev/urandom of=/mnt/lvolhome/busy bs=64k count=4 conv=fsync status=none; done',
  ]);
  const apply = await lvmbackup(lab, 'apply', '-y');
  writer.kill('SIGKILL');
  await writer.wait();
  console.log(apply.stdout, apply.stderr);
  expect(apply.exitCode).toBe(0);
  const all = await volumes(lab);
  console.log(all.join('\n'));
  expect(all.map((line) => line.split(' ')[0])).toEqual([
    'VolGroupBackupDisk/lvolhome-backup',
    'VolGroupBackupDisk/lvolroot-backup',
    'VolGroupSSD/lvolhome',
    'VolGroupSSD/lvolroot',
  ]);
  expect(all.filter((line) => line.includes('lvmbackup.state=complete'))).toHaveLength(2);
  expect(await lab.ok('vgs', '--noheadings', '-o', 'pv_name', 'VolGroupSSD')).toMatch(/^\s*\/dev\/vda\s*$/);
  expect(await lab.ok('vgs', '--noheadings', '-o', 'vg_tags', 'VolGroupSSD')).toMatch(/^\s*$/);
  expect((await lab.run(['blkid', '-p', '/dev/vdb1'])).stdout).not.toContain('LVM2_member');
});

test('the backup is the source: what was there before can be read from it', async () => {
  await sh(lab, `
    lvchange -y -ay -K VolGroupBackupDisk/lvolroot-backup
    mkdir -p /mnt/check && mount -o ro,noload /dev/VolGroupBackupDisk/lvolroot-backup /mnt/check
  `);
  expect(await sha256(lab, '/mnt/check/before')).toBe(await sha256(lab, '/mnt/lvolroot/before'));
  await sh(lab, 'umount /mnt/check; lvchange -an VolGroupBackupDisk/lvolroot-backup');
});

test('planning again: no changes', async () => {
  const plan = await lvmbackup(lab, 'plan', '--detailed-exitcode');
  console.log(plan.stdout, plan.stderr);
  expect(plan.exitCode).toBe(0);
  expect(plan.stdout).toContain('No changes');
});
