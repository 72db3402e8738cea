/** Runs that are killed, machines that lose their power, lent disks that are gone: what is left is put right. */
import { afterEach, expect, test } from 'vitest';
import { blocksOf } from '../docs/pages.ts';
import { backUp, backupDigest, expectNothingLeft, MiB, machine, unchanged } from './backup.ts';
import { killInCopy } from './cut.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

const FILE =
  'version: 1\ngroup: {name: B}\ndefaults: {limit: {rate: 8MiB/s}}\nvolumes: [{source: S/root, snapshot: {lend: /dev/vdc}}]\n';

async function recover(lab: Lab): Promise<string> {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, 'recover');
  expect(exitCode, stdout + stderr).toBe(0);
  await expectNothingLeft(lab);
  return stdout;
}

async function apply(lab: Lab): Promise<void> {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, 'apply', '-y');
  expect(exitCode, stdout + stderr).toBe(0);
}

async function isBlank(lab: Lab, device: string): Promise<void> {
  expect((await lab.run(['blkid', '-p', device])).stdout).toBe('');
}

/** A full group of one volume, a group for its backup, a blank disk to lend. */
function fullGroup(): Promise<Lab> {
  return machine(
    [25, 60, 40],
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S
    head -c 25165824 /dev/urandom > /dev/S/root
    vgcreate -q B /dev/vdb
  `,
  );
}

test('the power is cut in a copy, and the lent disk is gone at boot; later it comes back', async () => {
  on = await fullGroup();
  await on.write('/root/backup.yaml', FILE);
  const source = await sha256(on, '/dev/S/root');
  const job = on.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
  await job.until(/"action\.progress"/);
  const disks = await on.powerCut();

  on = await bootLab({ disks: disks.slice(0, 2) });
  await on.write('/root/backup.yaml', FILE);
  expect((await on.run(['vgchange', '-ay', 'S'])).exitCode).not.toBe(0);
  expect(await recover(on)).toContain('let S go on without the device that is gone');
  expect(await sha256(on, '/dev/S/root')).toBe(source);
  expect((await volumes(on)).join('\n')).not.toContain('state=complete');
  await on.powerCut();

  on = await bootLab({ disks });
  await on.write('/root/backup.yaml', FILE);
  await sh(on, 'vgchange -q -ay S');
  await apply(on);
  await expectNothingLeft(on);
  await isBlank(on, '/dev/vdc');
  expect(await backupDigest(on, 'B/root-backup', 24 * MiB)).toBe(source);
});

test.runIf(FULL)(
  'the lent disk is torn out while the origin is mounted and written, and comes back',
  async () => {
    on = await machine(
      [40, 60],
      `
    modprobe sd_mod; modprobe scsi_debug dev_size_mb=64
    sleep 1; test -b /dev/sda
    vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/S/root
    mkdir -p /mnt/root; mount /dev/S/root /mnt/root; head -c 8388608 /dev/urandom > /mnt/root/data
    sha256sum /mnt/root/data > /tmp/sum; sync
    vgcreate -q B /dev/vdb
  `,
    );
    await on.write('/root/backup.yaml', FILE.replace('/dev/vdc', '/dev/sda'));
    await killInCopy(on);
    await sh(
      on,
      'echo 1 > /sys/block/sda/device/delete; rm -f /dev/sda; head -c 1048576 /dev/urandom > /mnt/root/more; sync',
    );
    await recover(on);
    await sh(on, 'head -c 1048576 /dev/urandom > /mnt/root/still; sync; sha256sum -c /tmp/sum');
    await sh(on, 'for h in /sys/class/scsi_host/*; do echo "- - -" > $h/scan; done; sleep 1; ls /dev/sd?');
    const device = (await on.ok('sh', '-c', 'ls /dev/sd?')).trim();
    expect(await recover(on)).toContain(`take ${device} back from S`);
    await isBlank(on, device);
    await on.write('/root/backup.yaml', FILE.replace('/dev/vdc', device));
    await apply(on);
    await expectNothingLeft(on);
  },
);

test.runIf(FULL)(
  'vgextend was killed in the middle: the label says that a group uses it, no group lists it',
  async () => {
    on = await fullGroup();
    await on.write('/root/backup.yaml', FILE);
    const uuid = 'LvmBkp-UCy6-Pz4b-Mo2I-5sBT-2Enq-ZzSWnC';
    const source = await sha256(on, '/dev/S/root');
    // The label comes first, then the group's metadata: what stands between the two.
    await sh(
      on,
      `vgchange -q --addtag lvmbackup.lent=${uuid} --addtag lvmbackup.made=${uuid} S
     pvcreate -q --uuid ${uuid} --norestorefile /dev/vdc
     vgextend -q S /dev/vdc
     dd if=/dev/vdc of=/root/label bs=512 skip=1 count=1 status=none
     vgreduce -q S /dev/vdc
     dd if=/root/label of=/dev/vdc bs=512 seek=1 conv=notrunc,fsync status=none`,
    );
    expect((await on.run(['pvremove', '-y', '/dev/vdc'])).stderr).toContain('its metadata is missing');
    await recover(on);
    await isBlank(on, '/dev/vdc');
    await apply(on);
    await expectNothingLeft(on);
    expect(await backupDigest(on, 'B/root-backup', 24 * MiB)).toBe(source);
  },
);

const NEW_GROUP = 'version: 1\ngroup: {name: B, devices: [/dev/vdb]}\nvolumes: [{source: S/root}]\n';

/** A group of ours that came and went, and a label that says that it is still there. */
function labelWithoutGroup(changes: string): string {
  return `pvcreate -q --uuid LvmBkp-Kept-nDSy-sw1H-Jh0l-72UJ-t4jwuY --norestorefile --dataalignment 1m /dev/vdb
     vgcreate -q B /dev/vdb; ${changes}
     dd if=/dev/vdb of=/root/label bs=512 skip=1 count=1 status=none
     vgremove -q B
     dd if=/root/label of=/dev/vdb bs=512 seek=1 conv=notrunc,fsync status=none`;
}

test.runIf(FULL)(
  'vgcreate was killed in the middle: the disk says that no group was ever written on it, and is made anew',
  async () => {
    on = await machine([25, 60], 'vgcreate -q S /dev/vda; lvcreate -q -y -l 2 -n root S');
    await sh(on, labelWithoutGroup(''));
    await backUp(on, NEW_GROUP);
    await expectNothingLeft(on);
  },
);

test.runIf(FULL).each([
  ['a group was in use on it', 'for n in 1 2 3; do vgchange -q --addtag $n B; done', ''],
  ['its metadata is damaged', '', 'printf x | dd of=/dev/vdb bs=1 seek=4128 conv=notrunc,fsync status=none'],
])(
  'a label says that a group of ours uses the disk, and there is none, but %s: refused before anything is changed',
  async (_, changes, damage) => {
    on = await machine([25, 60], 'vgcreate -q S /dev/vda; lvcreate -q -y -l 2 -n root S');
    await on.write('/root/backup.yaml', NEW_GROUP);
    await sh(on, `${labelWithoutGroup(changes)}\n${damage}`);
    await unchanged(on, ['/dev/vdb'], async () => {
      const refused = await lvmbackup(on as Lab, 'apply', '-y');
      expect(refused.exitCode, refused.stdout + refused.stderr).toBe(4);
      expect(refused.stdout + refused.stderr).toContain('wipefs -a /dev/vdb; blkdiscard -z /dev/vdb');
    });
    await sh(on, 'wipefs -q -a /dev/vdb; blkdiscard -z /dev/vdb');
    await apply(on);
    await expectNothingLeft(on);
  },
);

/** A snapshot as a run makes it, of a run that is dead. */
const SNAPSHOT =
  'lvcreate -q -y -s -pr --monitor n -l 4 -n root-snap --addtag lvmbackup --addtag lvmbackup.run=20261126T000000Z S/root';

/** What the kernel has in that moment; in the metadata the snapshot is a plain volume. */
const TORN: readonly [what: string, kernel: string][] = [
  [
    'lvremove of a snapshot was killed with the origin suspended',
    `dmsetup create S-root--snap-cow --table '0 8192 linear /dev/vda 40960'
     dmsetup suspend S-root`,
  ],
  [
    'lvcreate of a snapshot was killed with a table loaded for the origin, and a layer made below it',
    `uuid=$(dmsetup info -c --noheadings -o uuid S-root)
     dmsetup create S-root-real --uuid $uuid-real --table "$(dmsetup table S-root)"
     real=$(dmsetup info -c --noheadings --separator : -o major,minor S-root-real)
     dmsetup load S-root --table "0 $(blockdev --getsz /dev/S/root) snapshot-origin $real"`,
  ],
];

test.each(TORN)('%s: it goes on, and nothing is left of the snapshot', async (_, kernel) => {
  on = await machine([60], 'vgcreate -q S /dev/vda; lvcreate -q -y -l 3 -n root S');
  await sh(
    on,
    `${SNAPSHOT.replace('-s -pr --monitor n ', '').replace('S/root', 'S')} -an
     ${kernel}`,
  );
  const said = await recover(on);
  expect(said).toContain('let S/root go on');
  await on.ok('dd', 'if=/dev/zero', 'of=/dev/S/root', 'bs=4096', 'count=1', 'oflag=direct', 'status=none');
  await sh(on, SNAPSHOT);
});

test.runIf(FULL)(
  'by hand, in a rescue system without the lent disk: the lines of the README bring the volume back',
  async () => {
    on = await machine(
      [25, 60, 40],
      `vgcreate -q VolGroupSSD /dev/vda; lvcreate -q -y -l 100%FREE -n lvolroot VolGroupSSD
       head -c 25165824 /dev/urandom > /dev/VolGroupSSD/lvolroot
       vgcreate -q B /dev/vdb`,
    );
    const file = FILE.replace('S/root', 'VolGroupSSD/lvolroot');
    await on.write('/root/backup.yaml', file);
    const source = await sha256(on, '/dev/VolGroupSSD/lvolroot');
    await killInCopy(on);
    const disks = await on.powerCut();

    on = await bootLab({ disks: disks.slice(0, 2) });
    const lines = blocksOf('README.md').find(({ text }) => text.trimStart().startsWith('lvremove'));
    await sh(on, lines?.text ?? 'false');
    expect(await sha256(on, '/dev/VolGroupSSD/lvolroot')).toBe(source);
    // The tags are there still: whoever has lvmbackup can end what was begun by hand.
    await recover(on);
    await on.powerCut();

    on = await bootLab({ disks });
    await on.write('/root/backup.yaml', file);
    await apply(on);
    await expectNothingLeft(on);
    await isBlank(on, '/dev/vdc');
  },
);

test.runIf(FULL)('another device of the group is missing too: refused, and nothing is reduced', async () => {
  on = await machine(
    [25, 60, 40, 20],
    `
    vgcreate -q S /dev/vda /dev/vdd; lvcreate -q -y -l 4 -n other S /dev/vdd; lvcreate -q -y -l 100%FREE -n root S
    vgcreate -q B /dev/vdb
  `,
  );
  await on.write('/root/backup.yaml', FILE);
  await killInCopy(on);
  const disks = await on.powerCut();
  on = await bootLab({ disks: disks.slice(0, 2) });
  const before = await on.ok('vgs', '--noheadings', '-o', 'vg_seqno,pv_count', 'S');
  const refused = await lvmbackup(on, 'recover');
  expect(refused.exitCode, refused.stdout + refused.stderr).toBe(4);
  expect(refused.stdout).toContain('another device of it is missing');
  expect(await on.ok('vgs', '--noheadings', '-o', 'vg_seqno,pv_count', 'S')).toBe(before);
});
