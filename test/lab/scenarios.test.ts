/** Kinds of machines, each backed up on real LVM: the copy is the source, and LVM is as the plan predicted. */
import { afterEach, describe, expect, test } from 'vitest';
import { facts, liveInventory, planDocumentOf, predicted } from './prediction.ts';
import { lvmbackup, seqnos, sh, sha256 } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const MiB = 1024 ** 2;

let lab: Lab | null = null;
afterEach(async () => {
  await lab?.close();
  lab = null;
});

async function machine(diskSizes: readonly number[], script: string): Promise<Lab> {
  lab = await bootLab({ disks: diskSizes.map((size) => ({ size: size * MiB })) });
  await sh(lab, script);
  return lab;
}

/** Plans, applies, and holds LVM's report against the prediction. */
async function backUp(on: Lab, file: string, exitCode = 0): Promise<string> {
  await on.write('/root/backup.yaml', file);
  const before = await liveInventory(on);
  const plan = await planDocumentOf(on);
  const applied = await lvmbackup(on, 'apply', '-y');
  expect(applied.exitCode, applied.stderr).toBe(exitCode);
  expect(facts(await liveInventory(on))).toEqual(facts(predicted(before, plan)));
  return applied.stdout;
}

/** The bytes of a backup volume, up to the size of its source. */
async function backupDigest(on: Lab, volume: string, bytes: number): Promise<string> {
  await on.ok('lvchange', '-y', '-ay', '-K', volume);
  const text = await sh(on, `head -c ${bytes} /dev/${volume} | sha256sum`);
  await on.ok('lvchange', '-y', '-an', volume);
  return text.split(' ')[0] ?? '';
}

/** Nothing but what a change of LVM's metadata or of a device would show. */
async function unchanged(on: Lab, devices: readonly string[], work: () => Promise<void>): Promise<void> {
  const look = async () => [
    await seqnos(on),
    ...(await Promise.all(devices.map((device) => sha256(on, device)))),
  ];
  const before = await look();
  await work();
  expect(await look()).toEqual(before);
}

describe('a backup of', () => {
  test('everything on one disk, then of the source that has grown', async () => {
    const on = await machine(
      [200],
      `
      vgcreate -q S /dev/vda
      lvcreate -q -y -l 5 -n data S
      head -c 20971520 /dev/urandom > /dev/S/data
    `,
    );
    const file = 'version: 1\ngroup: {name: S}\nvolumes: [{source: S/data}]\n';
    const text = await backUp(on, file);
    expect(text).toContain('same-disk');
    expect(await backupDigest(on, 'S/data-backup', 20 * MiB)).toBe(await sha256(on, '/dev/S/data'));
    await sh(
      on,
      'lvextend -q -l +2 S/data; head -c 8388608 /dev/urandom | dd of=/dev/S/data bs=1M seek=20 status=none',
    );
    await backUp(on, file);
    expect(await backupDigest(on, 'S/data-backup', 28 * MiB)).toBe(await sha256(on, '/dev/S/data'));
  });

  test('striped, raid1 and inactive origins, and a set of two, to a group that is there', async () => {
    const on = await machine(
      [120, 120, 300],
      `
      vgcreate -q S /dev/vda /dev/vdb
      lvcreate -q -y -i 2 -l 4 -n striped S
      lvcreate -q -y --type raid1 -m 1 -l 3 -n mirrored S
      lvcreate -q -y -l 3 -n asleep S
      lvcreate -q -y -l 2 -n data S
      lvcreate -q -y -l 2 -n wal S
      for name in striped mirrored asleep data wal; do
        head -c 8388608 /dev/urandom | dd of=/dev/S/$name conv=notrunc,fsync status=none
      done
      sha256sum /dev/S/asleep > /tmp/asleep
      lvchange -an S/asleep
      vgcreate -q -s 8m B /dev/vdc
      while lvs --noheadings -o copy_percent S/mirrored | grep -qv 100.00; do sleep 1; done
    `,
    );
    await backUp(
      on,
      `version: 1
group: {name: B}
volumes:
  - source: S/striped
  - source: S/mirrored
  - source: S/asleep
  - {source: S/data, set: db}
  - {source: S/wal, set: db}
`,
    );
    for (const [name, extents] of [
      ['striped', 4],
      ['mirrored', 3],
      ['data', 2],
      ['wal', 2],
    ] as const) {
      expect(await backupDigest(on, `B/${name}-backup`, extents * 4 * MiB), name).toBe(
        await sha256(on, `/dev/S/${name}`),
      );
    }
    expect(await backupDigest(on, 'B/asleep-backup', 12 * MiB)).toBe(
      (await on.ok('cat', '/tmp/asleep')).split(' ')[0],
    );
  });

  test('a plain partition, frozen while it is copied', async () => {
    const on = await machine(
      [100, 100],
      `
      printf 'size=40MiB\\n' | sfdisk -q --label gpt /dev/vda
      mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/vda1
      mkdir -p /mnt/boot && mount /dev/vda1 /mnt/boot
      head -c 5242880 /dev/urandom > /mnt/boot/kernel
      vgcreate -q B /dev/vdb
    `,
    );
    const file = (freeze: boolean) =>
      `version: 1\ngroup: {name: B}\nvolumes: [{source: /dev/vda1, backup: boot-backup, freeze: ${freeze}}]\n`;
    await on.write('/root/backup.yaml', file(false));
    await unchanged(on, [], async () => {
      const refused = await lvmbackup(on, 'apply', '-y');
      expect(refused.exitCode).toBe(4);
      expect(refused.stdout).toContain('source-in-use');
    });
    await backUp(on, file(true));
    // Written to again at once: it is thawed.
    await sh(on, 'touch /mnt/boot/after; sync; umount /mnt/boot');
    await sh(
      on,
      'lvchange -y -ay -K B/boot-backup; mkdir -p /mnt/check; mount -o ro,noload /dev/B/boot-backup /mnt/check',
    );
    expect((await on.run(['ls', '/mnt/check'])).stdout).not.toContain('after');
    await sh(on, 'mount /dev/vda1 /mnt/boot');
    expect(await sha256(on, '/mnt/check/kernel')).toBe(await sha256(on, '/mnt/boot/kernel'));
  });
});

test('refusals change nothing', async () => {
  const on = await machine(
    [100, 60, 40],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 100%FREE -n root S
    vgcreate -q B /dev/vdb
    mke2fs -q -t ext4 /dev/vdc
  `,
  );
  const refuse = async (file: string, code: string) => {
    await on.write('/root/backup.yaml', file);
    await unchanged(on, ['/dev/vdc'], async () => {
      const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y');
      expect(stdout + stderr).toContain(code);
      expect(exitCode).toBe(4);
    });
  };
  const file = (rest: string, group = 'B') =>
    `version: 1\ngroup: {name: ${group}}\nvolumes: [{source: S/root${rest}}]\n`;
  await refuse(file(''), 'insufficient-space');
  await refuse(file(', snapshot: {lend: /dev/vdc}'), 'device-not-blank');
  await refuse(file(', snapshot: {lend: /dev/vdz}'), 'device-missing');
  await refuse(file(', snapshot: {lend: /dev/vdb}'), 'device-in-use');
  await refuse(file('', 'Nowhere'), 'group-missing');
  await sh(on, 'lvcreate -q -y -l 5 -n root-backup B');
  await refuse(file(''), 'not-owned');
  await sh(
    on,
    'lvchange -q --addtag lvmbackup --addtag lvmbackup.source=S/other --addtag lvmbackup.sourceid=a/b B/root-backup',
  );
  await refuse(file(''), 'other-source');
});

test('a saved plan runs once; a second time, or after a change, it is stale', async () => {
  const on = await machine(
    [100, 100],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 4 -n root S
    vgcreate -q B /dev/vdb
  `,
  );
  await on.write('/root/backup.yaml', 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root}]\n');
  expect((await lvmbackup(on, 'plan', '--out', 'one.plan')).exitCode).toBe(0);
  expect(await on.ok('stat', '-c', '%a', '/root/one.plan')).toBe('600\n');
  expect((await lvmbackup(on, 'apply', 'one.plan')).exitCode).toBe(0);
  await unchanged(on, [], async () => {
    const again = await lvmbackup(on, 'apply', 'one.plan');
    expect(again.stderr).toContain('stale-plan');
    expect(again.exitCode).toBe(4);
  });
});
