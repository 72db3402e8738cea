/** What a first file could say: where the backups could go, what there is to back up, what could be lent. */
import { describe, expect, test } from 'vitest';
import { untilItPlans } from '../../src/commands/init-check.ts';
import type { Inventory } from '../../src/lvm/inventory.ts';
import {
  devicesToLend,
  findPartitions,
  findSources,
  freeDevices,
  groupChoices,
} from '../../src/plan/propose.ts';
import { MiB } from '../../src/units.ts';
import { aBackup } from '../helpers/backups.ts';
import { aDevice, aGroup, anInventory, aProbe, aVolume, diskOf } from '../helpers/machine.ts';
import { CLOCK } from '../helpers/specs.ts';

const ssd = (volumes = [aVolume('SSD', 'root', 64)], count = 100) =>
  aGroup('SSD', [{ device: '/dev/sda2', extents: count }], volumes);

const told = (inventory: Inventory, asked: string | null = null) =>
  groupChoices(inventory, asked).map((choice) =>
    choice.kind === 'new' ? `new ${choice.name} on ${choice.device.named}` : `${choice.name}, ${choice.why}`,
  );

describe('where backups could go', () => {
  const devices = [aDevice('/dev/sdb1', diskOf(50)), aDevice('/dev/sdb2', diskOf(200))];

  test('first where some are already, then an empty group, then a blank device, then what has room', () => {
    const groups = [
      ssd(),
      aGroup('Empty', [{ device: '/dev/sdc', extents: 50 }]),
      aGroup('Backup', [{ device: '/dev/sdd', extents: 50 }], [aBackup({ name: 'x', of: 'SSD/root' })]),
    ];
    expect(told(anInventory({ groups, devices }))).toEqual([
      'Backup, holds backups already',
      'Empty, has no volume yet',
      'new backups on /dev/sdb2',
      'new backups on /dev/sdb1',
      'SSD, has free extents',
    ]);
  });

  test('the name that was asked for: the group, or a new one of that name', () => {
    const inventory = anInventory({ groups: [ssd()], devices });
    expect(told(inventory, 'SSD')).toEqual(['SSD, asked for']);
    expect(told(inventory, 'Mine')).toEqual(['new Mine on /dev/sdb2', 'new Mine on /dev/sdb1']);
  });

  test('a group that cannot be used is no choice, and a name that is taken is not given', () => {
    const groups = [
      aGroup('backups', [{ device: '/dev/sdc', extents: 9 }], [], { unusable: 'partial' }),
      // In a state that is not of LVM's making.
      aGroup('\u001b[2J', [{ device: '/dev/sdd', extents: 9 }]),
    ];
    expect(told(anInventory({ groups, devices }))[0]).toBe('new backups2 on /dev/sdb2');
  });
});

test('a device is free where it is proven blank; by the shortest name that stays', () => {
  const devices = ['/dev/sdb1', '/dev/sdb2', '/dev/sdb3'].map((path) => aDevice(path, 99 * MiB));
  const inventory = anInventory({
    devices,
    probes: [
      aProbe('/dev/sdb1'),
      aProbe('/dev/sdb2', { signature: 'ext4', signatures: ['ext4'] }),
      aProbe('/dev/sdb3', { zeroEnds: false }),
    ],
    links: {
      '/dev/disk/by-path/pci-1-part1': '/dev/sdb1',
      '/dev/disk/by-id/usb-Long_Name_0-part1': '/dev/sdb1',
      '/dev/disk/by-id/wwn-0x1-part1': '/dev/sdb1',
    },
  });
  expect(freeDevices(inventory).map(({ named }) => named)).toEqual(['/dev/disk/by-id/wwn-0x1-part1']);
});

test('sources: what a pattern would take; the rest is told with its reason', () => {
  const volumes = [
    aVolume('SSD', 'root', 8),
    aVolume('SSD', 'swap', 1),
    aVolume('SSD', 'pool', 8, { layout: ['thin', 'pool'] }),
    aVolume('SSD', 'old', 1, { roles: ['public', 'snapshot'], origin: 'root' }),
    aVolume('SSD', 'hidden', 1, { hidden: true }),
    aBackup({ name: 'ours', of: 'X/y' }),
  ];
  const inventory = anInventory({
    groups: [ssd(volumes)],
    devices: [aDevice('/dev/mapper/SSD-swap', 4 * MiB, { type: 'lvm', mountPoints: ['[SWAP]'] })],
  });
  const { sources, leftOut } = findSources(inventory, 'Backup');
  expect(sources.map(({ source }) => source)).toEqual(['SSD/root']);
  expect(leftOut).toEqual([
    { source: 'SSD/old', reason: 'is a snapshot' },
    { source: 'SSD/pool', reason: 'is a pool' },
    { source: 'SSD/swap', reason: 'is swap' },
  ]);
});

test('a loan is proposed where a group is too full, the smallest device that is enough; never the disk under the backups', () => {
  const devices = [
    aDevice('/dev/sdb', diskOf(900), { type: 'disk', children: ['/dev/sdb1', '/dev/sdb2', '/dev/sdb3'] }),
    ...[200, 70, 30].map((count, at) =>
      aDevice(`/dev/sdb${at + 1}`, diskOf(count), { parents: ['/dev/sdb'] }),
    ),
  ];
  const inventory = anInventory({ groups: [ssd(undefined, 64)], devices });
  const { sources } = findSources(inventory, 'backups');
  expect(sources[0]?.needsLoan).toBe(true);
  expect(devicesToLend(inventory, sources, ['/dev/sdb1']).map(({ path }) => path)).toEqual(['/dev/sdb2']);
  const roomy = anInventory({ groups: [ssd(undefined, 200)], devices });
  expect(devicesToLend(roomy, findSources(roomy, 'backups').sources, [])).toEqual([]);
});

test('what boots the machine is told of, for it is no LVM', () => {
  const devices = [
    aDevice('/dev/sda1', 60 * MiB, { mountPoints: ['/boot/efi'] }),
    aDevice('/dev/sda3', 60 * MiB, { mountPoints: ['/bootleg'] }),
  ];
  expect(findPartitions(anInventory({ devices }))).toEqual([
    { named: '/dev/sda1', mountPoint: '/boot/efi', size: 60 * MiB },
  ]);
});

describe('a proposal is tried before it is written', () => {
  const tried = (inventory: Inventory) => {
    const [group] = groupChoices(inventory, null);
    if (!group) throw new Error('nowhere');
    const { sources, leftOut } = findSources(inventory, group.name);
    const proposed = sources.map((source) => ({ ...source, backup: null, small: false }));
    const proposal = { date: '2026-11-23', group, lend: null, sources: proposed, partitions: [], leftOut };
    return untilItPlans(proposal, { isLive: false, inventory, host: '0123456789ab' }, CLOCK).text;
  };
  const backup = aGroup('Backup', [{ device: '/dev/sdb', extents: 70 }]);

  test('a snapshot that has no room is asked for in a smaller way, and that is said', () => {
    const text = tried(anInventory({ groups: [ssd(undefined, 80), backup] }));
    expect(text).toContain('size: 50%ORIGIN # there is no room for more');
  });

  test('what still has no room is left out, with the reason', () => {
    const volumes = [aVolume('SSD', 'a', 60), aVolume('SSD', 'b', 60)];
    const text = tried(anInventory({ groups: [ssd(volumes, 300), backup] }));
    expect(text).toContain('- source: SSD/a');
    expect(text).toMatch(/^# {3}SSD\/b: insufficient-space: /m);
  });

  test('names that the file cannot hold are left out too', () => {
    const volumes = [aVolume('SSD', 'a', 2), aVolume('SSD', 'a-snap', 2), aVolume('SSD', 'x'.repeat(120), 2)];
    const text = tried(anInventory({ groups: [ssd(volumes), backup] }));
    expect(text).toContain('- source: SSD/a-snap');
    expect(text).toMatch(/^# {3}SSD\/a: .*a-snap/m);
    expect(text).toMatch(/^# {3}SSD\/x+: .*too long/m);
  });

  test('nothing at all is a refusal that says why', () => {
    const volumes = [aVolume('SSD', 'a', 90)];
    expect(() => tried(anInventory({ groups: [ssd(volumes), backup] }))).toThrow(
      /nothing can be backed up.*SSD\/a/,
    );
  });
});
