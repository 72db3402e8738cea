/** Points that are read again and looked into: rot found at its place, file systems mounted beside their live origins. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, expectNothingLeft, MiB, machine } from './backup.ts';
import { lvmbackup, sh, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

let lab: Lab;

const FILE = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root}, {source: S/data}]\n';

async function line(lab: Lab, volume: string): Promise<string> {
  return (await volumes(lab)).find((one) => one.startsWith(`${volume} `)) ?? '';
}

async function done(lab: Lab, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, ...args);
  expect(exitCode, stdout + stderr).toBe(0);
  return stdout;
}

async function verify(lab: Lab, exitCode: number, ...args: string[]) {
  const result = await lvmbackup(lab, 'verify', '--format', 'json', ...args);
  expect(result.exitCode, result.stdout + result.stderr).toBe(exitCode);
  expect((await volumes(lab)).filter((one) => one.startsWith('B/') && one.includes(' active '))).toEqual([]);
  return JSON.parse(result.stdout).points;
}

/** By somebody else's hand, or by the disk. */
async function flip(lab: Lab, volume: string, offset: number): Promise<void> {
  await sh(
    lab,
    `lvchange -ay -K ${volume}; printf rot | dd of=/dev/${volume} bs=1 seek=${offset} conv=notrunc,fsync status=none; lvchange -an ${volume}`,
  );
}

const SHA = 'sha256sum < /dev/B/root-backup';

beforeAll(async () => {
  lab = await machine(
    [200, 200],
    `
    modprobe xfs
    vgcreate -q S /dev/vda; lvcreate -q -y -l 8 -n root S; lvcreate -q -y -l 16 -n data S
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/S/root; mkfs.xfs -q --unsupported /dev/S/data
    for name in root data; do
      mkdir -p /mnt/$name; mount /dev/S/$name /mnt/$name; head -c 3000000 /dev/urandom > /mnt/$name/kept; cp /mnt/$name/kept /tmp/$name
    done
    sync; vgcreate -q B /dev/vdb
  `,
  );
  await backUp(lab, FILE);
});
afterAll(() => lab?.close());

test('bit flips are found at their place, remembered and healed', async () => {
  // Read again: whole, then with flips in two chunks that are not neighbours.
  expect(await verify(lab, 0)).toMatchObject([
    { source: 'S/data', ok: true, damaged: [] },
    { source: 'S/root', ok: true, damaged: [] },
  ]);
  expect(await line(lab, 'B/root-backup')).toMatch(/state=complete.*verified=\d{4}-\S+Z:ok/);
  await flip(lab, 'B/root-backup', 5 * MiB + 17);
  await flip(lab, 'B/root-backup', 30 * MiB + 300_000);
  const places = [
    { offset: 5 * MiB, length: MiB / 4 },
    { offset: 30 * MiB + MiB / 4, length: MiB / 4 },
  ];
  expect(await verify(lab, 7, 'S/root')).toMatchObject([
    { volume: 'B/root-backup', ok: false, damaged: places },
  ]);
  // A sample that finds something says so as well; of everything, it is sure to.
  expect(await verify(lab, 7, 'S/root', '--sample', '100%')).toMatchObject([
    { sampled: 100, damaged: places },
  ]);
  expect(await line(lab, 'B/root-backup')).toMatch(/state=damaged.*verified=\d{4}-\S+Z:damaged/);
  expect(await line(lab, 'B/data-backup')).toMatch(/state=complete.*verified=\d{4}-\S+Z:ok/);
  // A disk that is elsewhere today: what is damaged is known, not where.
  await verify(lab, 7, 'B/root-backup', '--state-dir', '/nowhere').then(([point]) =>
    expect(point).toMatchObject({ ok: false, damaged: null }),
  );
  expect((await lvmbackup(lab, 'verify', 'S/rot')).exitCode).toBe(3);
  await done(lab, 'apply', '-y');
  expect(await verify(lab, 0, 'S/root', '--sample', '50%')).toMatchObject([{ ok: true, sampled: 50 }]);
  expect(await line(lab, 'B/root-backup')).not.toContain('verified');
});

test('ext4 and XFS are mounted beside their origins, while those are mounted and written', async () => {
  await sh(lab, 'echo more > /mnt/root/more; echo more > /mnt/data/more; sync');
  for (const name of ['root', 'data']) {
    const shown = await done(lab, 'mount', `S/${name}`, `/mnt/old/${name}`);
    expect(shown).not.toContain('journal');
    await sh(lab, `cmp /mnt/old/${name}/kept /tmp/${name}; test ! -e /mnt/old/${name}/more`);
    expect((await lab.run(['touch', `/mnt/old/${name}/x`])).exitCode).not.toBe(0);
  }
  expect(await lab.read('/proc/mounts')).toMatch(/old\/data xfs ro,\S*nouuid,norecovery/);
  expect((await lvmbackup(lab, 'mount', 'S/root', '/mnt/old/root')).exitCode).toBe(4);
  const open = await lvmbackup(lab, 'apply', '-y', '--only', 'S/data');
  expect(open.exitCode, open.stdout + open.stderr).toBe(4);
  for (const name of ['root', 'data']) await done(lab, 'umount', `/mnt/old/${name}`);
  expect((await lvmbackup(lab, 'umount', '/mnt/old/root')).exitCode).toBe(3);
  expect((await volumes(lab)).filter((one) => one.startsWith('B/') && one.includes(' active '))).toEqual([]);
});

test.runIf(process.env.FULL)(
  'a journal that is not clean is replayed beside the point; what other hands left is ended',
  async () => {
    // As a plain device's copy may have one: replayed, and not into the point.
    await sh(
      lab,
      `
    lvchange -ay -K B/root-backup; mkdir -p /mnt/x; mount /dev/B/root-backup /mnt/x
    echo late > /mnt/x/late; sync -f /mnt/x/late; dd if=/dev/B/root-backup of=/tmp/dirty bs=1M status=none
    umount /mnt/x; dd if=/tmp/dirty of=/dev/B/root-backup bs=1M conv=fsync status=none; rm /tmp/dirty
    dumpe2fs -h /dev/B/root-backup 2>&1 | grep needs_recovery
  `,
    );
    const dirty = await lab.ok('sh', '-c', SHA);
    await sh(lab, 'lvchange -an B/root-backup');
    expect(await done(lab, 'mount', 'S/root', '/mnt/old/root')).toContain('journal was not clean');
    await sh(lab, 'grep late /mnt/old/root/late; cmp /mnt/old/root/kept /tmp/root');
    expect(await lab.ok('sh', '-c', SHA)).toBe(dirty);
    await done(lab, 'umount', '/mnt/old/root');
    expect(await lab.ok('sh', '-c', 'dmsetup ls; losetup -a; ls -A /run/lvmbackup')).not.toMatch(
      /overlay|loop/,
    );

    // Left by other hands: a plain umount leaves the layer and an active point, which recover ends.
    await done(lab, 'mount', 'S/root', '/mnt/old/root');
    await sh(lab, 'umount /mnt/old/root');
    const recovered = await done(lab, 'recover');
    expect(recovered).toContain('deactivated B/root-backup');
    expect(recovered).toContain('removed the layer');
    expect(await lab.ok('sh', '-c', 'dmsetup ls; losetup -a')).not.toMatch(/overlay|loop|backup/);

    // A point that is left active read-only is no hindrance to the next run.
    await done(lab, 'mount', 'S/data', '/mnt/old/data');
    await sh(lab, 'umount /mnt/old/data');
    await done(lab, 'apply', '-y');
    await verify(lab, 0);
    await expectNothingLeft(lab);

    // The log of an XFS: what was taken while it was mounted holds what its main part does not know yet.
    await sh(
      lab,
      `
    lvchange -ay -K B/data-backup; mount -o nouuid /dev/B/data-backup /mnt/x
    echo late > /mnt/x/late; sync -f /mnt/x/late; dd if=/dev/B/data-backup of=/tmp/dirty bs=1M iflag=direct status=none
    umount /mnt/x; dd if=/tmp/dirty of=/dev/B/data-backup bs=1M oflag=direct status=none; rm /tmp/dirty
  `,
    );
    const xfs = 'sha256sum < /dev/B/data-backup';
    const before = await lab.ok('sh', '-c', xfs);
    await sh(lab, 'lvchange -an B/data-backup');
    expect(await done(lab, 'mount', 'S/data', '/mnt/old/data')).toContain('journal was not clean');
    await sh(lab, 'grep late /mnt/old/data/late; cmp /mnt/old/data/kept /tmp/data');
    expect(await lab.ok('sh', '-c', xfs)).toBe(before);
    await done(lab, 'umount', '/mnt/old/data');
  },
);
