/** Later runs copy only what changed; whatever is not proven is read again. */
import { afterEach, expect, test } from 'vitest';
import type { CopyResult } from '../../src/copy/copy.ts';
import { backUp, backupDigest, expectNothingLeft, MiB, machine } from './backup.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

/** Applies; gives what the copies came to. */
async function refresh(lab: Lab, exitCode = 0): Promise<CopyResult[]> {
  const applied = await lvmbackup(lab, 'apply', '-y', '--format', 'json');
  expect(applied.exitCode, applied.stdout + applied.stderr).toBe(exitCode);
  const lines = applied.stdout.trim().split('\n');
  return lines.flatMap((line) => JSON.parse(line).result ?? []);
}

const FILE = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/data, verify: full}]\n';

test('by the manifest, also of a source that grew; without it by comparing; after a kill in full', async () => {
  on = await machine(
    [200, 200],
    `
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 12 -n data S
    head -c 50331648 /dev/urandom > /dev/S/data
    vgcreate -q B /dev/vdb
  `,
  );
  const lab = on;
  const write = (mib: number) =>
    sh(
      lab,
      `head -c 4096 /dev/urandom | dd of=/dev/S/data bs=4096 seek=${mib * 256} conv=notrunc,fsync status=none`,
    );
  const expectEqual = async (mib: number) =>
    expect(await backupDigest(lab, 'B/data-backup', mib * MiB)).toBe(await sha256(lab, '/dev/S/data'));

  await backUp(lab, FILE);
  expect(await lab.ok('sh', '-c', 'stat -c "%a %n" /var/lib/lvmbackup /var/lib/lvmbackup/*')).toMatch(
    /^700 \/var\/lib\/lvmbackup\n600 \/var\/lib\/lvmbackup\/dm_LVM-\w+\.manifest\n600 \/var\/lib\/lvmbackup\/history\.jsonl\n$/,
  );
  expect(await refresh(lab)).toMatchObject([{ mode: 'manifest', bytesWritten: 0 }]);

  await write(20);
  await write(41);
  const [changed] = await refresh(lab);
  expect(changed).toMatchObject({ mode: 'manifest', bytesSkipped: 47 * MiB - MiB / 2 });
  await expectEqual(48);

  await sh(
    lab,
    'lvextend -q -l +2 S/data; head -c 8388608 /dev/urandom | dd of=/dev/S/data bs=1M seek=48 status=none',
  );
  const [grown] = await refresh(lab);
  expect(grown?.mode).toBe('manifest');
  expect(grown?.reason).toContain('grew');
  await expectEqual(56);

  await sh(lab, 'rm /var/lib/lvmbackup/*');
  await write(30);
  const [compared] = await refresh(lab);
  expect(compared).toMatchObject({ mode: 'compare', reason: 'there is no manifest of the target' });
  expect(compared?.bytesWritten).toBeLessThan(3 * MiB);
  await expectEqual(56);

  // Somebody else's hand: the next run finds it, and heals it the run after.
  await sh(
    lab,
    'lvchange -ay -K B/data-backup; printf x | dd of=/dev/B/data-backup bs=1 seek=31457290 conv=notrunc,fsync status=none; lvchange -an B/data-backup',
  );
  const failed = await lvmbackup(lab, 'apply', '-y');
  expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('at byte 31457280') });
  expect((await volumes(lab)).join('\n')).toContain('lvmbackup.state=incomplete');
  await expectNothingLeft(lab);
  expect(await refresh(lab)).toMatchObject([{ mode: 'full' }]);
  await expectEqual(56);
});

test.runIf(FULL)(
  'a source that fails in places: stopped at the first by default, else copied around them and tagged damaged',
  async () => {
    on = await machine(
      [120, 200],
      `
    table() { dmsetup $1 --noudevsync --noudevrules ill; }
    echo '0 204800 linear /dev/vda 2048' | table create; dmsetup mknodes
    vgcreate -q S /dev/mapper/ill
    lvcreate -q -y -l 8 -n data S
    head -c 33554432 /dev/urandom > /dev/S/data
    sha256sum < /dev/S/data > /tmp/whole
    (head -c 9437184 /dev/S/data; head -c 4096 /dev/zero; tail -c +9441281 /dev/S/data) | sha256sum > /tmp/holed
    dmsetup suspend ill
    table reload <<EOF
0 20480 linear /dev/vda 2048
20480 8 error
20488 184312 linear /dev/vda 22536
EOF
    dmsetup resume ill
    vgcreate -q B /dev/vdb
  `,
    );
    const file = (rest: string) => `version: 1\ngroup: {name: B}\nvolumes: [{source: S/data${rest}}]\n`;
    await on.write('/root/backup.yaml', file(''));
    const stopped = await lvmbackup(on, 'apply', '-y');
    expect(stopped.exitCode, stopped.stdout + stopped.stderr).toBe(1);
    expect(stopped.stderr).toContain('at byte 9437184: input/output error');
    expect((await volumes(on)).join('\n')).toContain('lvmbackup.state=incomplete');
    await expectNothingLeft(on);

    await on.write('/root/backup.yaml', file(', onReadError: skip'));
    const skipped = await lvmbackup(on, 'apply', '-y');
    expect(skipped.exitCode, skipped.stdout + skipped.stderr).toBe(1);
    expect(skipped.stderr).toContain('4096 bytes at byte 9437184');
    expect((await volumes(on)).join('\n')).toContain('lvmbackup.state=damaged');
    await expectNothingLeft(on);
    const holed = (await on.read('/tmp/holed')).split(' ')[0];
    expect(await backupDigest(on, 'B/data-backup', 32 * MiB)).toBe(holed);

    // The device was replaced.
    await sh(
      on,
      "dmsetup suspend ill; echo '0 204800 linear /dev/vda 2048' | dmsetup reload ill; dmsetup resume ill",
    );
    expect(await refresh(on)).toMatchObject([{ mode: 'full' }]);
    expect(await backupDigest(on, 'B/data-backup', 32 * MiB)).toBe(
      (await on.read('/tmp/whole')).split(' ')[0],
    );
  },
);

test.runIf(FULL)(
  'lvmbackup copy by itself: claims its target, refuses one that is in use, and knows it again',
  async () => {
    on = await machine([64, 64], 'head -c 67108864 /dev/urandom > /dev/vda; mke2fs -q -t ext4 /dev/vdb');
    const copy = (...args: string[]) => lvmbackup(on as Lab, 'copy', '/dev/vda', '/dev/vdb', ...args);
    const unasked = await copy();
    expect(unasked.exitCode).toBe(4);
    expect(unasked.stderr).toContain('/dev/vdb holds ext4');
    await sh(on, 'mkdir -p /mnt/x; mount /dev/vdb /mnt/x');
    const mounted = await copy('-y');
    expect(mounted.exitCode).toBe(4);
    expect(mounted.stderr).toContain('/dev/vdb is in use');
    await sh(on, 'umount /mnt/x');
    expect((await copy('-y', '--manifest', '/root/m')).exitCode).toBe(0);
    expect(await sha256(on, '/dev/vdb')).toBe(await sha256(on, '/dev/vda'));
    await sh(on, 'printf x | dd of=/dev/vda bs=1 seek=50000000 conv=notrunc,fsync status=none');
    const again = await copy('--manifest', '/root/m');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stdout).toContain('what differs from the manifest');
    expect(await sha256(on, '/dev/vdb')).toBe(await sha256(on, '/dev/vda'));

    const job = on.start([
      process.execPath,
      PROGRAM,
      'copy',
      '/dev/vda',
      '/dev/vdb',
      '-y',
      '--rate',
      '4MiB/s',
    ]);
    await job.until(/%/);
    expect((await on.run(['mount', '/dev/vdb', '/mnt/x'])).exitCode).not.toBe(0);
    expect((await lvmbackup(on, 'copy', '/dev/vda', '/dev/vdb', '-y')).exitCode).toBe(6);
    job.kill('SIGTERM');
    expect(await job.wait()).toMatchObject({ exitCode: 143 });
    expect((await on.run(['blkid', '-p', '/dev/vdb'])).stdout).toBe('');
  },
);
