import { describe, expect, test } from 'vitest';
import type { BlockDevice, DeviceProbe } from '../../src/lvm/inventory.ts';
import { mapperPath } from '../../src/lvm/mapper.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { aDevice, aGroup, anInventory, aProbe, aVolume } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

const spec = aSpec([aVolumeSpec('SSD/root')]);

/** The warnings of a plan for SSD/root on /dev/sda2, backed up to a group on /dev/sdb1. */
function warnings(devices: readonly BlockDevice[], probes: readonly DeviceProbe[] = []) {
  const inventory = anInventory({
    groups: [
      aGroup('SSD', [{ device: '/dev/sda2', extents: 200 }], [aVolume('SSD', 'root', 64)]),
      aGroup('Backup', [{ device: '/dev/sdb1', extents: 500 }]),
    ],
    devices,
    probes,
  });
  const { problems } = planBackup(anInput(spec, inventory));
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return Object.fromEntries(problems.map(({ code, message }) => [code, message]));
}

const disk = (path: string) => aDevice(path, 1, { type: 'disk' });
const on = (path: string, parent: string, traits: Partial<BlockDevice> = {}) =>
  aDevice(path, 1, { parents: [parent], ...traits });
const crypt = { type: 'crypt' };

const TWO_DISKS = [
  disk('/dev/sda'),
  on('/dev/sda2', '/dev/sda'),
  disk('/dev/sdb'),
  on('/dev/sdb1', '/dev/sdb'),
];

test('two plain disks: only that there is a single copy', () => {
  expect(Object.keys(warnings(TWO_DISKS))).toEqual(['single-copy']);
});

test('one disk under both groups, however deep', () => {
  const said = warnings([disk('/dev/sda'), on('/dev/sda2', '/dev/sda'), on('/dev/sdb1', '/dev/sda')]);
  expect(said['same-disk']).toContain('SSD/root and its backup lie on the same disk (/dev/sda)');
});

describe('encryption below the source does not go along with the copy', () => {
  const encryptedSource = [
    disk('/dev/sda'),
    on('/dev/sda1', '/dev/sda'),
    on('/dev/sda2', '/dev/sda1', crypt),
    disk('/dev/sdb'),
  ];

  test('said where the backup lies in the clear', () => {
    const said = warnings([...encryptedSource, on('/dev/sdb1', '/dev/sdb')]);
    expect(said['unencrypted-target']).toContain('SSD/root lies on an encrypted device');
  });

  test('not where the backup is encrypted too', () => {
    const said = warnings([...encryptedSource, on('/dev/sdb1', '/dev/sdb', crypt)]);
    expect(said).not.toHaveProperty('unencrypted-target');
  });
});

describe('a copy that could be taken for its source', () => {
  const path = mapperPath('SSD', 'root');

  test.each([
    ['btrfs', 'a btrfs file system'],
    ['LVM2_member', 'a physical volume of LVM'],
    ['linux_raid_member', 'a member of an md array'],
  ])('%s, as the device itself says', (signature, what) => {
    const probe = aProbe(path, { signature });
    const volume = aDevice(path, 1, { type: 'lvm', parents: ['/dev/sda2'] });
    expect(warnings([...TWO_DISKS, volume], [probe])['duplicate-id']).toContain(what);
  });

  test('as lsblk says, where nobody looked into it', () => {
    const volume = aDevice(path, 1, { type: 'lvm', fsType: 'btrfs', parents: ['/dev/sda2'] });
    expect(warnings([...TWO_DISKS, volume])).toHaveProperty('duplicate-id');
  });

  test('ext4 is told from its copy by the volume it lies on', () => {
    const volume = aDevice(path, 1, { type: 'lvm', fsType: 'ext4', parents: ['/dev/sda2'] });
    expect(warnings([...TWO_DISKS, volume])).not.toHaveProperty('duplicate-id');
  });
});
