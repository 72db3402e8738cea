/** `method: files` on real LVM: file systems in use, refreshed with deletions, killed, looked at and verified. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, backUpAsWritten, expectNothingLeft, machine } from './backup.ts';
import { killInCopy } from './cut.ts';
import { lvmbackup, sh, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab;
beforeAll(async () => {
  on = await machine(
    [800, 900],
    `
    modprobe xfs; modprobe ext4
    vgcreate -q S /dev/vda
    lvcreate -q -y -l 16 -n home S
    lvcreate -q -y -l 80 -n mail S
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/S/home
    mkfs.xfs -q /dev/S/mail
    mkdir -p /mnt/home /mnt/mail /mnt/back
    mount /dev/S/home /mnt/home; mount /dev/S/mail /mnt/mail
    for d in home mail; do
      cd /mnt/$d; mkdir -p a/b
      head -c 3000000 /dev/urandom > a/b/c; ln a/b/c hard; ln -s a/b soft; echo secret > 'a file'; chmod 600 'a file'
      chown 1234:4321 a; setfattr -n user.colour -v blue a/b/c; setfacl -m u:77:r a/b/c; truncate -s 20M sparse; touch -d 2001-02-03T04:05:06.789 old
    done
    cd /; vgcreate -q B /dev/vdb
  `,
  );
});
afterAll(() => on?.close());

const FILE =
  'version: 1\ngroup: {name: B}\ndefaults: {method: files}\nvolumes: [{source: S/home}, {source: S/mail}]\n';

/** Every name with what it is, and the sum of every file. */
const LIST = `find . -path ./lost+found -prune -o -printf '%P %y %m %U %G %T@ %n %l\\n' | sort
find . -path ./lost+found -prune -o -type f -print0 | sort -z | xargs -0 sh -c 'sha256sum "$@"; getfacl -n "$@"; getfattr -d "$@"' sh`;

/** What is in a folder of the machine, without the time of the file system's own folder. */
const listOf = (folder: string) => sh(on, `cd ${folder}; ${LIST}`);

async function backupList(source: string): Promise<string> {
  const mounted = await lvmbackup(on, 'mount', source, '/mnt/back');
  expect(mounted.exitCode, mounted.stdout + mounted.stderr).toBe(0);
  const list = await listOf('/mnt/back');
  const umounted = await lvmbackup(on, 'umount', '/mnt/back');
  expect(umounted.exitCode, umounted.stderr).toBe(0);
  return list;
}

test('ext4 and XFS in use: all of their files, then what changed and what is gone; looked at and verified', async () => {
  const lists = { home: await listOf('/mnt/home'), mail: await listOf('/mnt/mail') };
  await backUp(on, FILE);
  await expectNothingLeft(on);
  expect(await backupList('S/home')).toBe(lists.home);
  expect(await backupList('S/mail')).toBe(lists.mail);

  await sh(
    on,
    "for d in home mail; do cd /mnt/$d; rm 'a file'; echo new > another; echo more >> a/b/c; done",
  );
  const changed = { home: await listOf('/mnt/home'), mail: await listOf('/mnt/mail') };
  expect(changed.home).not.toBe(lists.home);
  await backUpAsWritten(on);
  expect(await backupList('S/home')).toBe(changed.home);
  expect(await backupList('S/mail')).toBe(changed.mail);
  expect(await sh(on, 'cat /proc/mounts')).not.toContain('lvmbackup');

  const verified = await lvmbackup(on, 'verify');
  expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0);
  const restored = await lvmbackup(on, 'restore', 'S/home', '--to', 'S/new');
  expect(restored.exitCode).toBe(4);
  expect(restored.stdout + restored.stderr).toContain('is a backup of files');
  // Somebody changes the backup behind our back: its list is another then.
  await sh(
    on,
    'lvchange -y -ay -K B/home-backup; mount /dev/B/home-backup /mnt/back; rm /mnt/back/old; umount /mnt/back; lvchange -an B/home-backup',
  );
  expect((await lvmbackup(on, 'verify', 'S/home')).exitCode).toBe(7);
});

test.runIf(FULL)(
  'killed amid a transfer: no mount and no snapshot is left, and the next run completes it',
  async () => {
    await sh(on, 'for d in home mail; do head -c 16000000 /dev/urandom > /mnt/$d/large; done');
    await on.write(
      '/root/backup.yaml',
      FILE.replace('{method: files}', '{method: files, limit: {rate: 2MiB/s}}'),
    );
    await killInCopy(on);
    // rsync ends by itself: its parent is gone.
    await sh(on, 'for i in $(seq 100); do pgrep -x rsync > /dev/null || exit 0; sleep 0.2; done; exit 1');
    const recovered = await lvmbackup(on, 'recover');
    expect(recovered.exitCode, recovered.stdout + recovered.stderr).toBe(0);
    await expectNothingLeft(on);
    expect(await sh(on, 'cat /proc/mounts')).not.toContain('lvmbackup');
    expect((await volumes(on)).join('\n')).toContain('lvmbackup.state=incomplete');
    await backUp(on, FILE);
    for (const name of ['home', 'mail'])
      expect(await backupList(`S/${name}`)).toBe(await listOf(`/mnt/${name}`));
  },
);

test.runIf(FULL)(
  'an empty source deletes nothing, and a source without a file system is refused',
  async () => {
    await sh(on, 'cd /mnt/home; find . -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +');
    const failed = await lvmbackup(on, 'apply', '-y', '--only', 'S/home');
    expect(failed.exitCode, failed.stdout).toBe(1);
    expect(failed.stdout + failed.stderr).toContain('no files at all');
    await expectNothingLeft(on);
    await sh(on, 'lvcreate -q -y -l 2 -n raw S');
    await on.write('/root/backup.yaml', FILE.replace('{source: S/mail}', '{source: S/raw}'));
    const refused = await lvmbackup(on, 'plan');
    expect(refused.exitCode).toBe(4);
    expect(refused.stdout).toContain('no file system is to be seen on it');
  },
);
