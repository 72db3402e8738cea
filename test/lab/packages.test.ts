/**
 * The Debian package as its users meet it: installed on a machine without node, a backup made with it, purged. What it
 * starts of itself (the threads of the copy, the child that thaws) comes out of the single executable. In the full run.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDebianPackage } from '../../build/debian.mjs';
import { expectNothingLeft } from './backup.ts';
import { FILE, prepareGuide } from './guide-machine.ts';
import { sh, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let lab: Lab;
let deb: string;
beforeAll(async () => {
  if (!FULL) return;
  deb = await makeDebianPackage({ fast: true });
  lab = await prepareGuide();
  await sh(
    lab,
    `
    # Some machines leave man pages out.
    rm -f /etc/dpkg/dpkg.cfg.d/* /root/backup.yaml
    for name in $(which -a node nodejs); do rm -f "$name"; done
    echo 'size=40MiB' | sfdisk -q --append --no-reread --no-tell-kernel /dev/vdb
    partx -u /dev/vdb
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/vdb3
    mkdir /mnt/boot && mount /dev/vdb3 /mnt/boot && echo kernel > /mnt/boot/vmlinuz
  `,
  );
}, 600_000);
afterAll(() => lab?.close());

const run = (...args: readonly string[]) => lab.run(['/usr/sbin/lvmbackup', ...args], { cwd: '/' });
const isThere = async (path: string) => (await lab.run(['test', '-e', path])).exitCode === 0;

const PLACES = [
  '/etc/lvmbackup/backup.yaml.example',
  '/usr/lib/systemd/system/lvmbackup-failed.service',
  '/usr/lib/systemd/system/lvmbackup.service',
  '/usr/lib/systemd/system/lvmbackup.timer',
  '/usr/sbin/lvmbackup',
  '/usr/share/bash-completion/completions/lvmbackup',
  '/usr/share/doc/lvmbackup/copyright',
  '/usr/share/fish/vendor_completions.d/lvmbackup.fish',
  '/usr/share/man/man5/backup.yaml.5.gz',
  '/usr/share/man/man8/lvmbackup.8.gz',
  '/usr/share/zsh/vendor-completions/_lvmbackup',
];

let files: string[] = [];

test.runIf(FULL)('it is installed where node is not, and does nothing by itself', async () => {
  expect((await lab.run(['sh', '-c', 'command -v node nodejs'])).exitCode).not.toBe(0);
  // As the README says it.
  await lab.ok('apt', 'install', '-y', deb);
  files = (await lab.ok('dpkg', '-L', 'lvmbackup')).trim().split('\n');
  expect(files).toEqual(expect.arrayContaining(PLACES));
  for (const path of PLACES) expect(await isThere(path), path).toBe(true);
  expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await run('validate', '-f', '/etc/lvmbackup/backup.yaml.example')).exitCode).toBe(0);
  // The example is there to be copied.
  expect((await run('plan')).exitCode).toBe(3);
});

test.runIf(FULL)('it makes a backup: snapshots, a lent device, a frozen file system', async () => {
  const boot = '  - {source: /dev/vdb3, backup: boot-backup, freeze: true}\n';
  await lab.write('/etc/lvmbackup/backup.yaml', `${FILE}${boot}`);
  const { exitCode, stdout, stderr } = await run('apply', '-y', '-f', '/etc/lvmbackup/backup.yaml');
  expect(exitCode, stdout + stderr).toBe(0);
  const complete = (await volumes(lab)).filter((line) => line.includes('lvmbackup.state=complete'));
  expect(complete.map((line) => line.split(' ')[0])).toEqual([
    'VolGroupBackupDisk/boot-backup',
    'VolGroupBackupDisk/lvolhome-backup',
    'VolGroupBackupDisk/lvolroot-backup',
  ]);
  await expectNothingLeft(lab);
  // The file system that was frozen is not any more, and its copy holds what it holds.
  await sh(lab, 'echo still > /mnt/boot/writable && umount /mnt/boot');
  await lab.ok('lvchange', '-y', '-ay', '-K', 'VolGroupBackupDisk/boot-backup');
  await sh(lab, 'mkdir /mnt/copy && mount -o ro,noload /dev/VolGroupBackupDisk/boot-backup /mnt/copy');
  expect(await lab.read('/mnt/copy/vmlinuz')).toBe('kernel\n');
  await sh(lab, 'umount /mnt/copy && lvchange -an VolGroupBackupDisk/boot-backup');
});

test.runIf(FULL)('purged, nothing of it is left but what people wrote', async () => {
  expect(await isThere('/var/lib/lvmbackup')).toBe(true);
  await lab.ok('dpkg', '-P', 'lvmbackup');
  const own = files.filter((path) => path.includes('lvmbackup') && path !== '/etc/lvmbackup');
  for (const path of [...own, '/var/lib/lvmbackup']) expect(await isThere(path), path).toBe(false);
  expect((await lab.ok('ls', '/etc/lvmbackup')).split('\n')).toEqual(['backup.yaml', '']);
  // It was the guest's alone.
  expect(existsSync('/usr/sbin/lvmbackup')).toBe(false);
});
