/** All kinds of backups in one pool: a set, files, sources that grow; each point is read, mounted and restored. */
import { afterAll, expect, test } from 'vitest';
import { backUp, backUpAsWritten, expectNothingLeft, MiB, machine } from './backup.ts';
import { lvmbackup, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterAll(() => on?.close());

const FILE = `version: 1
group: {name: B, pool: {name: p, size: 90%FREE, metadata: 4MiB}}
defaults: {keep: {last: 2}, verify: full}
sets: {s: {}}
volumes:
  - {source: S/a, set: s}
  - {source: S/b, set: s}
  - {source: S/f, method: files}
`;

async function done(lab: Lab, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, ...args);
  expect(exitCode, stdout + stderr).toBe(0);
  return stdout;
}

/** Points of a source, the newest first. */
async function pointsOf(lab: Lab, source: string): Promise<{ volume: string; size: number }[]> {
  const { points } = JSON.parse(await done(lab, 'points', '--format', 'json'));
  return points.filter((point: { source: string }) => point.source === source);
}

test.runIf(process.env.FULL !== undefined)(
  'a set, files and sources that grow, in one pool: every point is whole, is mounted and comes back',
  async () => {
    on = await machine(
      [260, 400],
      `
      vgcreate -q S /dev/vda; for n in a b; do lvcreate -q -y -l 4 -n $n S; done; lvcreate -q -y -l 16 -n f S
      for n in a f; do mke2fs -q -t ext4 /dev/S/$n; mkdir -p /mnt/$n; mount /dev/S/$n /mnt/$n; echo $n > /mnt/$n/x; done
      head -c 16777216 /dev/urandom > /dev/S/b; sync; vgcreate -q B /dev/vdb
    `,
    );
    const lab = on;
    await backUp(lab, FILE);
    const before = await sha256(lab, '/dev/S/b');
    for (const name of ['a', 'f']) {
      await done(lab, 'mount', `S/${name}`, '/mnt/point');
      expect((await lab.read('/mnt/point/x')).trim()).toBe(name);
      expect((await lab.run(['touch', '/mnt/point/y'])).exitCode).not.toBe(0);
      await done(lab, 'umount', '/mnt/point');
    }

    await sh(
      lab,
      `
      for n in a f; do echo more > /mnt/$n/more; done; sync; umount /mnt/a
      lvextend -q -l +2 S/b; lvextend -q -l +1 S/a; lvextend -q -l +2 S/f; resize2fs /dev/S/f
      head -c 500000 /dev/urandom | dd of=/dev/S/b bs=4096 seek=4500 conv=notrunc,fsync status=none
    `,
    );
    await backUpAsWritten(lab);
    await done(lab, 'verify');
    const [newest, older] = await pointsOf(lab, 'S/b');
    expect([newest?.size, older?.size]).toEqual([24 * MiB, 16 * MiB]);
    await done(lab, 'restore', 'S/b', '--point', older?.volume ?? '', '--to', 'S/old', '-y');
    expect(await sha256(lab, '/dev/S/old')).toBe(before);
    expect((await lvmbackup(lab, 'restore', 'S/f', '-y')).exitCode).toBe(4);
    await done(lab, 'mount', 'S/f', '/mnt/point');
    await sh(lab, 'diff -r /mnt/f /mnt/point');
    await done(lab, 'umount', '/mnt/point');
    await expectNothingLeft(lab);
    expect((await volumes(lab)).filter((one) => one.startsWith('B/') && one.includes(' active '))).toEqual(
      [],
    );
  },
  900_000,
);
