/** Kinds of sources, each backed up on real LVM: the copy is the source, and LVM is as the plan predicted. */
import { afterEach, expect, test } from 'vitest';
import { backUp, backupDigest, expectNothingLeft, MiB, machine, unchanged } from './backup.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

test.runIf(FULL)('everything on one disk, then the source that has grown', async () => {
  on = await machine(
    [200],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 5 -n data S
    head -c 20971520 /dev/urandom > /dev/S/data
  `,
  );
  const file = 'version: 1\ngroup: {name: S}\nvolumes: [{source: S/data}]\n';
  expect(await backUp(on, file)).toContain('same-disk');
  expect(await backupDigest(on, 'S/data-backup', 20 * MiB)).toBe(await sha256(on, '/dev/S/data'));
  await sh(
    on,
    `
    lvextend -q -l +2 S/data
    head -c 8388608 /dev/urandom | dd of=/dev/S/data bs=1M seek=20 status=none
  `,
  );
  await backUp(on, file);
  expect(await backupDigest(on, 'S/data-backup', 28 * MiB)).toBe(await sha256(on, '/dev/S/data'));
});

test.runIf(FULL)(
  'striped, raid1, cached and inactive origins, and a set of two, to a group that is there',
  async () => {
    on = await machine(
      [160, 160, 300],
      `
    vgcreate -q S /dev/vda /dev/vdb
    lvcreate -q -y -i 2 -l 4 -n striped S
    lvcreate -q -y --type raid1 -m 1 -l 3 -n mirrored S
    lvcreate -q -y -l 3 -n cached S /dev/vda
    lvcreate -q -y --type cache-pool -l 3 -n fast S /dev/vdb
    lvconvert -q -y --type cache --cachepool S/fast S/cached
    lvcreate -q -y -l 3 -n asleep S
    lvcreate -q -y -l 2 -n data S
    lvcreate -q -y -l 2 -n wal S
    for name in striped mirrored cached asleep data wal; do
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
  - source: S/cached
  - source: S/asleep
  - {source: S/data, set: db}
  - {source: S/wal, set: db}
`,
    );
    const extents = { striped: 4, mirrored: 3, cached: 3, data: 2, wal: 2 };
    for (const [name, count] of Object.entries(extents)) {
      const digest = await backupDigest(on, `B/${name}-backup`, count * 4 * MiB);
      expect(digest, name).toBe(await sha256(on, `/dev/S/${name}`));
    }
    const asleep = (await on.ok('cat', '/tmp/asleep')).split(' ')[0];
    expect(await backupDigest(on, 'B/asleep-backup', 12 * MiB)).toBe(asleep);
  },
);

test('a plain partition, frozen while it is copied', async () => {
  const lab = await machine(
    [100, 100],
    `
    printf 'size=40MiB\\n' | sfdisk -q --label gpt /dev/vda
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/vda1
    mkdir -p /mnt/boot && mount /dev/vda1 /mnt/boot
    head -c 5242880 /dev/urandom > /mnt/boot/kernel
    vgcreate -q B /dev/vdb
  `,
  );
  on = lab;
  const file = (freeze: boolean) =>
    `version: 1\ngroup: {name: B}\nvolumes: [{source: /dev/vda1, backup: boot-backup, freeze: ${freeze}}]\n`;
  await lab.write('/root/backup.yaml', file(false));
  await unchanged(lab, [], async () => {
    const refused = await lvmbackup(lab, 'apply', '-y');
    expect(refused.exitCode).toBe(4);
    expect(refused.stdout).toContain('source-in-use');
  });
  await backUp(lab, file(true));
  // Written to again at once: it is thawed.
  await sh(
    lab,
    `
    touch /mnt/boot/after; sync; umount /mnt/boot
    lvchange -y -ay -K B/boot-backup
    mkdir -p /mnt/check && mount -o ro,noload /dev/B/boot-backup /mnt/check
  `,
  );
  expect((await lab.run(['ls', '/mnt/check'])).stdout).not.toContain('after');
  await sh(lab, 'mount /dev/vda1 /mnt/boot');
  expect(await sha256(lab, '/mnt/check/kernel')).toBe(await sha256(lab, '/mnt/boot/kernel'));
});

// Long under emulation; test/apply/quiesce.test.ts has the same with processes of its own in each run.
test.runIf(process.env.FULL)(
  'a frozen file system is thawed by a signal, by a crash, and when its time is up',
  async () => {
    const lab = await machine(
      [100, 100],
      `
    printf 'size=40MiB\\n' | sfdisk -q --label gpt /dev/vda
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/vda1
    mkdir -p /mnt/boot && mount /dev/vda1 /mnt/boot
    vgcreate -q B /dev/vdb
  `,
    );
    on = lab;
    const file = (limit: string, rate: string) => `version: 1
group: {name: B}
volumes: [{source: /dev/vda1, backup: boot-backup, freeze: true, freezeLimit: ${limit}, limit: {rate: ${rate}}}]
`;
    // Far longer than anything here waits: what thaws it is not the limit.
    await lab.write('/root/backup.yaml', file('1h', '256KiB/s'));
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const job = lab.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
      await job.until(/"action.progress"/);
      const again = await lab.run(['fsfreeze', '-f', '/mnt/boot']);
      expect(again.stderr, 'it is frozen already').toContain('busy');
      job.kill(signal);
      const end = await job.wait();
      expect([end.exitCode, end.signal]).toEqual(signal === 'SIGTERM' ? [143, null] : [null, 'SIGKILL']);
      // Waits for as long as it is frozen.
      await sh(lab, `touch /mnt/boot/${signal}; sync -f /mnt/boot`);
      expect(await volumes(lab)).toEqual([expect.stringContaining('state=incomplete')]);
    }
    await lab.write('/root/backup.yaml', file('2s', '4MiB/s'));
    const late = await lvmbackup(lab, 'apply', '-y');
    expect(late.exitCode, late.stdout).toBe(1);
    expect(late.stderr).toContain('/mnt/boot was held still for 2 s, then let go');
    await sh(lab, 'touch /mnt/boot/late; sync -f /mnt/boot');
    expect(await volumes(lab)).toEqual([expect.stringContaining('state=incomplete')]);
    await expectNothingLeft(lab);
  },
);
