/** The lab itself: that it is a machine on which LVM does all that the scenarios ask of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprints, MiB, makeExt4, startWriter, volume } from './lvm.ts';
import { sh } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await bootLab({ disks: [{ size: 300 * MiB, serial: 'first' }, { size: 100 * MiB }] });
  await sh(lab, 'vgcreate -q smoke /dev/vda && lvcreate -q -y -l 8 -n root smoke');
});
afterAll(() => lab?.close());

test('a program gives its exit code, its output and its errors apart', async () => {
  const finished = await lab.run(['sh', '-c', 'cat; echo out; echo err >&2; exit 3'], { input: 'in ' });
  expect(finished).toMatchObject({ exitCode: 3, signal: null, stdout: 'in out\n', stderr: 'err\n' });
  await expect(lab.ok('sh', '-c', 'echo why >&2; exit 3')).rejects.toThrow(/ended with 3\nwhy/);
  await expect(lab.run(['no-such-program'])).rejects.toThrow(/ENOENT/);
});

test('a program can be watched, asked and killed, and has a terminal where it needs one', async () => {
  const job = lab.start(['sh', '-c', 'echo ready; read word; echo "got $word"; exec sleep 1000']);
  await job.until(/ready/);
  job.input('it\n');
  await job.until(/got it/);
  job.kill('SIGINT');
  expect(await job.wait()).toMatchObject({ exitCode: null, signal: 'SIGINT' });

  const asked = lab.tty([
    'sh',
    '-c',
    'test -t 0 && test -t 1 && stty size && printf "sure? " && read a; exit 7',
  ]);
  await asked.until(/24 80[\s\S]*sure\? /);
  asked.input('yes\n');
  expect(await asked.wait()).toMatchObject({ exitCode: 7 });
  const stopped = lab.tty(['sh', '-c', 'echo ready; exec sleep 1000']);
  await stopped.until(/ready/);
  stopped.input('\x03');
  expect((await stopped.wait()).exitCode).toBe(130);
});

test('files go in and out, the host keeps its own', async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  await lab.write('/etc/lab-test', bytes, 0o600);
  expect(await lab.readBytes('/etc/lab-test')).toEqual(bytes);
  expect(await lab.ok('stat', '-c', '%a', '/etc/lab-test')).toBe('600\n');
  const { existsSync } = await import('node:fs');
  expect(existsSync('/etc/lab-test')).toBe(false);
  expect(await lab.ok('cat', '/sys/block/vda/serial')).toBe('first');
});

test('a snapshot keeps what its origin was, and is invalid when it overflows', async () => {
  await sh(lab, 'printf before | dd of=/dev/smoke/root conv=notrunc,fsync status=none');
  await sh(lab, 'lvcreate -q -y -s -l 2 -n snap smoke/root');
  await sh(lab, 'printf after! | dd of=/dev/smoke/root conv=notrunc,fsync status=none');
  expect(await lab.ok('head', '-c', '6', '/dev/smoke/snap')).toBe('before');
  await sh(lab, 'dd if=/dev/zero of=/dev/smoke/root bs=1M count=20 oflag=direct status=none');
  expect(await volume(lab, 'smoke/snap', 'lv_snapshot_invalid')).toEqual({
    lv_snapshot_invalid: 'snapshot invalid',
  });
  await lab.ok('lvremove', '-y', 'smoke/snap');
});

test('thin, mirrored and cached volumes can be made and read', async () => {
  await sh(
    lab,
    `
    lvcreate -q -y --type thin-pool -l 6 -n pool smoke
    lvcreate -q -y --thin -V 64m -n thin smoke/pool
    lvcreate -q -y --type raid1 -m 1 -l 2 -n safe smoke /dev/vda /dev/vdb || {
      vgextend -q smoke /dev/vdb; lvcreate -q -y --type raid1 -m 1 -l 2 -n safe smoke /dev/vda /dev/vdb; }
    lvcreate -q -y -l 4 -n slow smoke
    lvcreate -q -y --type cache-pool -l 4 -n fast smoke
    lvconvert -q -y --type cache --cachepool smoke/fast smoke/slow
  `,
  );
  for (const name of ['thin', 'safe', 'slow']) await lab.ok('head', '-c', '4096', `/dev/smoke/${name}`);
});

test('a device-mapper target of faults is there when it is asked for', async () => {
  await lab.modprobe('dm-flakey', 'dm-delay', 'dm-log-writes', 'scsi_debug', 'vfat');
  expect(await lab.ok('dmsetup', 'targets')).toMatch(/flakey/);
});

test('after a power cut, a second machine finds what was written', async () => {
  await makeExt4(lab, '/dev/smoke/root', '/mnt/root');
  const writer = await startWriter(lab, '/mnt/root');
  await writer.stop();
  await sh(lab, 'echo kept > /mnt/root/file; umount /mnt/root; vgchange -q -an smoke');
  const before = await fingerprints(lab);
  const disks = await lab.powerCut();
  await expect(lab.run(['true'])).rejects.toThrow(/the machine is gone/);

  lab = await bootLab({ disks });
  expect(await fingerprints(lab)).toEqual(before);
  await sh(lab, 'vgchange -q -ay smoke; mkdir -p /mnt/root; mount /dev/smoke/root /mnt/root');
  expect(await lab.read('/mnt/root/file')).toBe('kept\n');
});
