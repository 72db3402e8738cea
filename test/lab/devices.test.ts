/** What the lent device and the backup group's devices may be, on real LVM. */
import { afterEach, expect, test } from 'vitest';
import { backUp, backupDigest, expectNothingLeft, MiB, machine } from './backup.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

const FULL_GROUP = `
  vgcreate -q S /dev/vda
  lvcreate -q -y -l 100%FREE -n root S
  head -c 41943040 /dev/urandom | dd of=/dev/S/root conv=notrunc,fsync status=none
`;

test.runIf(FULL)('the lent device: an orphan PV stays one, a member of the group stays in it', async () => {
  on = await machine([45, 200, 120], `${FULL_GROUP} vgcreate -q B /dev/vdb; pvcreate -q /dev/vdc`);
  const file = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root, snapshot: {lend: /dev/vdc}}]\n';
  await backUp(on, file);
  await expectNothingLeft(on);
  expect(await on.ok('pvs', '--noheadings', '-o', 'pv_name,vg_name', '/dev/vdc')).toMatch(
    /^\s*\/dev\/vdc\s*$/,
  );
  await on.ok('vgextend', '-q', 'S', '/dev/vdc');
  await backUp(on, file);
  expect(await on.ok('pvs', '--noheadings', '-o', 'vg_name', '/dev/vdc')).toMatch(/^\s*S\s*$/);
});

test.runIf(FULL)(
  'the backup group grows by a device that its list names, and a backup that must span does',
  async () => {
    on = await machine([200, 48, 60], 'vgcreate -q S /dev/vda; vgcreate -q B /dev/vdb');
    await sh(
      on,
      `
    lvcreate -q -y -l 20 -n big S
    head -c 83886080 /dev/urandom > /dev/S/big
  `,
    );
    await backUp(
      on,
      'version: 1\ngroup: {name: B, devices: [/dev/vdb, /dev/vdc]}\nvolumes: [{source: S/big}]\n',
    );
    expect(await backupDigest(on, 'B/big-backup', 80 * MiB)).toBe(await sha256(on, '/dev/S/big'));
    const devices = await on.ok('lvs', '--noheadings', '-o', 'devices', 'B/big-backup');
    expect(devices).toMatch(/\/dev\/vdb/);
    expect(devices).toMatch(/\/dev\/vdc/);
  },
);

test.runIf(FULL)('a volume that was there already is adopted, made large enough and filled', async () => {
  on = await machine(
    [120, 120],
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 4 -n root S
    head -c 16777216 /dev/urandom > /dev/S/root
    vgcreate -q B /dev/vdb; lvcreate -q -y -l 3 -n root-backup --addtag mine B
  `,
  );
  expect((await lvmbackup(on, 'adopt', 'B/root-backup', '--source', 'S/root')).exitCode).toBe(0);
  const again = await lvmbackup(on, 'adopt', 'B/root-backup', '--source', 'S/root');
  expect(again.exitCode, again.stderr).toBe(0);
  await backUp(on, 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root}]\n');
  expect(await backupDigest(on, 'B/root-backup', 16 * MiB)).toBe(await sha256(on, '/dev/S/root'));
  const tags = await on.ok('lvs', '--noheadings', '-o', 'lv_tags', 'B/root-backup');
  expect(tags.trim().split(',')).toEqual(
    expect.arrayContaining(['lvmbackup', 'mine', 'lvmbackup.source=S/root']),
  );
});

test('a removable disk that is not there tonight is passed over where the file says so', async () => {
  on = await machine([100], 'vgcreate -q S /dev/vda; lvcreate -q -y -l 4 -n root S');
  await on.write(
    '/root/backup.yaml',
    'version: 1\ngroup: {name: Away, devices: [/dev/vdz], whenMissing: skip}\nvolumes: [{source: S/root}]\n',
  );
  const { exitCode, stdout } = await lvmbackup(on, 'apply', '-y');
  expect(stdout).toContain('Away');
  expect(exitCode).toBe(0);
});
