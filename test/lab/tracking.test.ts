/** Thin origins, and bases that are kept between runs: only what changed is read, and the copy is the snapshot. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CopyResult } from '../../src/copy/copy.ts';
import { backUpAsWritten, backupDigest, expectNothingLeft, MiB, machine } from './backup.ts';
import { planDocumentOf } from './prediction.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab;
beforeAll(async () => {
  on = await twoOrigins();
});
afterAll(() => on?.close());

/** Applies, and holds LVM's report against the prediction. Gives what the copies came to. */
async function refresh(lab: Lab): Promise<CopyResult[]> {
  const stdout = await backUpAsWritten(lab, '--format', 'json');
  return stdout
    .trim()
    .split('\n')
    .flatMap((line) => JSON.parse(line).result ?? []);
}

const random = (lab: Lab, device: string, seekMiB: number, kib: number) =>
  sh(
    lab,
    `head -c ${kib * 1024} /dev/urandom | dd of=${device} bs=4096 seek=${seekMiB * 256} conv=notrunc,fsync status=none`,
  );

/** The base is the snapshot that was copied: what it reads is what the copy has to be. */
async function expectCopyIsBase(lab: Lab, name: string, mib: number): Promise<void> {
  await sh(lab, `lvchange -y -ay -K S/${name}-base`);
  const base = await sha256(lab, `/dev/S/${name}-base`);
  expect(await backupDigest(lab, `B/${name}-backup`, mib * MiB), name).toBe(base);
}

const FILE = `version: 1
group: {name: B}
defaults: {tracking: snapshot}
volumes: [{source: S/thick}, {source: S/thin}]
`;

/** Where the pool's reserved metadata snapshot is; `-`: none is. */
async function heldRoot(lab: Lab): Promise<string> {
  return (await lab.ok('dmsetup', 'status', 'S-pool-tpool')).split(' ')[6] ?? '';
}

/** A thick and a thin volume of 48 MiB each, filled. */
function twoOrigins(): Promise<Lab> {
  return machine(
    [400, 200, 80],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 12 -n thick S
    lvcreate -q -y --type thin-pool -l 40 --chunksize 64k -n pool S
    lvcreate -q -y --thin -V 48m -n thin S/pool
    for name in thick thin; do head -c 50331648 /dev/urandom > /dev/S/$name; done
    sync
    vgcreate -q B /dev/vdb
  `,
  );
}

test('thick and thin: in full first, then by the list of what changed, and no more than that is read', async () => {
  const lab = on;
  await lab.write('/root/backup.yaml', FILE);
  expect(await refresh(lab)).toMatchObject([{ mode: 'full' }, { mode: 'full' }]);
  for (const name of ['thick', 'thin']) {
    expect(await backupDigest(lab, `B/${name}-backup`, 48 * MiB)).toBe(await sha256(lab, `/dev/S/${name}`));
  }

  // One place of each: 4 KiB and 1 MiB.
  await random(lab, '/dev/S/thick', 20, 4);
  await random(lab, '/dev/S/thick', 40, 1024);
  await random(lab, '/dev/S/thin', 30, 4);
  await sh(lab, 'blkdiscard -o 8388608 -l 1048576 /dev/S/thin');
  const copies = (await planDocumentOf(lab)).actions.filter(({ type }) => type === 'copy');
  expect(copies).toMatchObject([
    { mode: 'changed', since: { snapshot: 'S/thick-base' } },
    { mode: 'changed' },
  ]);
  const [thick, thin] = await refresh(lab);
  expect(thick).toMatchObject({ mode: 'list', bytesRead: { source: expect.any(Number) } });
  // The first MiB is always read, and whole chunks around what changed.
  expect(thick?.bytesRead.source).toBeLessThanOrEqual(2.5 * MiB);
  expect(thin?.mode).toBe('list');
  expect(thin?.bytesRead.source).toBeLessThanOrEqual(2.5 * MiB);
  for (const name of ['thick', 'thin']) {
    expect(await backupDigest(lab, `B/${name}-backup`, 48 * MiB)).toBe(await sha256(lab, `/dev/S/${name}`));
  }
  expect(await heldRoot(lab)).toBe('-');
});

/** Killed while it compares; the pool may sleep when it is put right. */
test.runIf(FULL).each(['', 'vgchange -q -an S'])(
  'a run that is killed while it reads the metadata leaves none of it reserved: %s',
  async (between) => {
    await random(on, '/dev/S/thin', 12, 4);
    await on.write(
      '/usr/local/sbin/thin_delta',
      '#!/bin/sh\ncase $* in *-V*) exec /usr/sbin/thin_delta "$@" ;; esac\nkill -9 $PPID\n',
    );
    await sh(on, 'chmod 755 /usr/local/sbin/thin_delta');
    expect((await lvmbackup(on, 'apply', '-y')).signal).toBe('SIGKILL');
    await sh(on, 'rm /usr/local/sbin/thin_delta');
    expect(await heldRoot(on)).toMatch(/^\d+$/);
    expect((await lvmbackup(on, 'status')).stdout).toContain('a dead run was reading its metadata');
    await sh(on, between);
    const recovered = await lvmbackup(on, 'recover');
    expect(recovered.exitCode, recovered.stdout + recovered.stderr).toBe(0);
    expect(recovered.stdout).toContain('release the metadata snapshot of S/pool');
    await expectNothingLeft(on);
    await sh(on, 'vgchange -q -ay S');
    expect(await heldRoot(on)).toBe('-');
    await refresh(on);
    expect(await backupDigest(on, 'B/thin-backup', 48 * MiB)).toBe(await sha256(on, '/dev/S/thin'));
  },
);

// It goes on where the one above ended.
test.runIf(FULL)(
  'by the list under a writer, after the base has overflown, after a power cut and a revert',
  async () => {
    let lab = on;

    // Under a writer: the copy is what the snapshot was, and that is the new base.
    const writer = lab.start([
      'sh',
      '-c',
      `i=0; while :; do for d in thick thin; do
      head -c 65536 /dev/urandom | dd of=/dev/S/$d bs=65536 seek=$((i * 37 % 760)) conv=notrunc,fsync status=none
    done; i=$((i + 1)); [ $i = 3 ] && echo writing; done`,
    ]);
    await writer.until(/writing/);
    const changed = await refresh(lab);
    writer.kill('SIGKILL');
    await writer.wait();
    expect(changed).toMatchObject([{ mode: 'list' }, { mode: 'list' }]);
    await expectCopyIsBase(lab, 'thick', 48);
    await expectCopyIsBase(lab, 'thin', 48);

    // The base overflows: its size is the origin's here, so a small one takes its place by hand.
    const [time] =
      /lvmbackup\.basetime=[^,]+/.exec(
        (await lab.ok('lvs', '--noheadings', '-o', 'lv_tags', 'S/thick-base')).trim(),
      ) ?? [];
    await sh(
      lab,
      `
    lvremove -q -y S/thick-base
    lvcreate -q -y -s -pr -l 1 -n thick-base --addtag lvmbackup --addtag lvmbackup.base=B/thick-backup --addtag ${time} S/thick
    dd if=/dev/urandom of=/dev/S/thick bs=1M count=8 oflag=direct status=none
  `,
    );
    const [overflown, still] = await refresh(lab);
    expect(overflown?.mode).toBe('manifest');
    expect(still?.mode).toBe('list');
    await expectCopyIsBase(lab, 'thick', 48);

    // Cut amid a tracked run; what it wrote is taken back on the origin before the next.
    const before = await sha256(lab, '/dev/S/thin');
    // What was there, and the state folder, outlast the power cut on a disk of their own.
    await sh(
      lab,
      `
    mkdir -p /mnt/kept; mke2fs -q -t ext4 /dev/vdc; mount /dev/vdc /mnt/kept
    for d in thick thin; do
      dd if=/dev/S/$d of=/mnt/kept/$d bs=1M count=24 skip=4 status=none
      head -c 25165824 /dev/urandom | dd of=/dev/S/$d bs=1M seek=4 conv=notrunc,fsync status=none
    done
  `,
    );
    await lab.write(
      '/root/backup.yaml',
      FILE.replace('{tracking: snapshot}', '{tracking: snapshot, limit: {rate: 4MiB/s}}'),
    );
    const job = lab.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], { cwd: '/root' });
    await job.until(/"action\.progress"/);
    await sh(lab, 'cp -a /var/lib/lvmbackup /mnt/kept/state; sync; umount /mnt/kept');
    const disks = await lab.powerCut();

    lab = await bootLab({ disks });
    on = lab;
    await lab.write('/root/backup.yaml', FILE);
    await sh(
      lab,
      `
    vgchange -q -ay S
    mkdir -p /mnt/kept /var/lib/lvmbackup; mount /dev/vdc /mnt/kept; cp -a /mnt/kept/state/. /var/lib/lvmbackup/
    for d in thick thin; do dd if=/mnt/kept/$d of=/dev/S/$d bs=1M seek=4 conv=notrunc,fsync status=none; done
  `,
    );
    expect(await sha256(lab, '/dev/S/thin')).toBe(before);
    const after = await refresh(lab);
    expect(after.map(({ mode }) => mode)).toEqual(['full', 'list']);
    for (const name of ['thick', 'thin']) {
      expect(await backupDigest(lab, `B/${name}-backup`, 48 * MiB)).toBe(await sha256(lab, `/dev/S/${name}`));
    }
    expect((await volumes(lab)).join('\n')).not.toContain('lvmbackup.run');
  },
  900_000,
);
