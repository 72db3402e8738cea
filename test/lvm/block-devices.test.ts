import { describe, expect, test } from 'vitest';
import {
  readBlkid,
  readBlockDevices,
  readOnlyMountsOf,
  readProbe,
  readWipefs,
} from '../../src/lvm/block-devices.ts';
import { fixtureText } from '../helpers/fixtures.ts';

const devicesOf = (machine: string, readOnly: readonly string[] = []) =>
  readBlockDevices(JSON.parse(fixtureText(`${machine}/lsblk.json`)), new Set(readOnly));

describe("lsblk's tree", () => {
  test('gives each device once, with what it lies on and what lies on it', () => {
    const devices = devicesOf('guide');
    expect(devices.get('/dev/vdb')).toMatchObject({
      type: 'disk',
      size: 512 * 1024 ** 2,
      logicalSector: 512,
      parents: [],
      children: ['/dev/vdb1', '/dev/vdb2'],
    });
    expect(devices.get('/dev/vdb2')).toMatchObject({ type: 'part', parents: ['/dev/vdb'], children: [] });
    expect(devices.get('/dev/mapper/VolGroupSSD-lvolroot')).toMatchObject({
      type: 'lvm',
      parents: ['/dev/vda'],
      mountPoints: ['/mnt/lvolroot'],
      readOnlyMounts: [],
    });
  });

  test('names every parent of a device that lies on several', () => {
    expect(devicesOf('kinds').get('/dev/mapper/kinds-spread')?.parents.toSorted()).toEqual([
      '/dev/vdb',
      '/dev/vdc',
    ]);
  });

  test('tells which mounts of a device are read-only', () => {
    const root = devicesOf('guide', ['/mnt/lvolroot']).get('/dev/mapper/VolGroupSSD-lvolroot');
    expect(root?.readOnlyMounts).toEqual(['/mnt/lvolroot']);
  });

  test('leaves out a device that was removed while lsblk looked', () => {
    const facts = { ...{ size: 1, ro: false, rota: false, rm: false }, fstype: null, mountpoints: [null] };
    const gone = {
      path: '/dev/mapper/S-x',
      type: 'lvm',
      size: 1,
      'log-sec': null,
      'phy-sec': null,
      ro: null,
    };
    const disk = {
      path: '/dev/sda',
      type: 'disk',
      'log-sec': 512,
      'phy-sec': 512,
      ...facts,
      children: [gone],
    };
    const devices = readBlockDevices({ blockdevices: [disk] }, new Set());
    expect([...devices.keys()]).toEqual(['/dev/sda']);
    // What lies on it is not forgotten: to be in use is the safer reading.
    expect(devices.get('/dev/sda')?.children).toEqual(['/dev/mapper/S-x']);
  });

  test('is read from an older lsblk too, which writes numbers and truth as text', () => {
    const node = {
      ...{ path: '/dev/sda', type: 'disk', size: '4000787030016', 'log-sec': '512', 'phy-sec': '4096' },
      ...{ ro: '0', rota: '1', rm: '0', fstype: null, partuuid: null, wwn: '0x5', serial: 'S' },
      mountpoints: ['/', null],
    };
    expect(readBlockDevices({ blockdevices: [node] }, new Set()).get('/dev/sda')).toMatchObject({
      size: 4000787030016,
      physicalSector: 4096,
      readOnly: false,
      rotational: true,
      mountPoints: ['/'],
      wwn: '0x5',
    });
  });
});

test('read-only mounts are read from mountinfo, also where the path has a space', () => {
  const mountinfo = [
    '22 29 0:20 / /proc rw,relatime - proc proc rw',
    '36 29 254:0 / /mnt/my\\040disk ro,noatime shared:1 - ext4 /dev/vda ro',
    '37 29 254:1 / /mnt/rw rw - ext4 /dev/vdb ro',
  ].join('\n');
  expect([...readOnlyMountsOf(mountinfo)]).toEqual(['/mnt/my disk']);
});

describe('a probe', () => {
  const probeOf = (name: string) =>
    readProbe('/dev/x', {
      blkid: fixtureText(`probes/${name}.blkid`),
      wipefs: fixtureText(`probes/${name}.wipefs.json`),
      exclusive: true,
      zeroEnds: false,
      neverInGroup: false,
    });

  const someUuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const pvUuid = 'LvmBkp-0000-0000-0000-0000-0000-000000';

  test.each([
    ['blank', { signature: null, uuid: null, partUuid: null, signatures: [] }],
    ['blank-partition', { signature: null, uuid: null, partUuid: someUuid, signatures: [] }],
    ['ext4', { signature: 'ext4', uuid: someUuid, partUuid: null, signatures: ['ext4'] }],
    ['part', { signature: 'ext4', uuid: someUuid, partUuid: someUuid }],
    ['pv', { signature: 'LVM2_member', uuid: pvUuid, signatures: ['LVM2_member'] }],
    ['gpt', { signature: 'gpt', uuid: null, signatures: ['gpt', 'gpt', 'PMBR'] }],
    ['vfat', { signature: 'vfat', uuid: expect.stringMatching(/^[0-9A-F]{4}-[0-9A-F]{4}$/) }],
  ])('of a device with %s names what it carries and what it is known by', (name, traits) => {
    expect(probeOf(name)).toMatchObject({ path: '/dev/x', exclusive: true, zeroEnds: false, ...traits });
  });

  test('takes the backslash off odd characters', () => {
    expect(readBlkid(fixtureText('probes/vfat.blkid')).get('LABEL')).toBe('EFI SYS');
  });

  test('of an older wipefs that says nothing of a blank device finds nothing', () => {
    expect(readWipefs('')).toEqual([]);
  });
});
