import { describe, expect, test } from 'vitest';
import { closingSteps } from '../../src/apply/closing.ts';
import { UserError } from '../../src/errors.ts';
import type { Volume } from '../../src/lvm/inventory.ts';
import type { GroupReduce, PlannedPv, SnapshotRemove } from '../../src/plan/action.ts';
import { commandsOfStep } from '../../src/plan/steps.ts';
import { bytes, extents, MiB } from '../../src/units.ts';
import { aGroup, anInventory, aPv, aVolume } from '../helpers/machine.ts';

const run = '20261123T091500Z';
const UUID = 'LvmBkp-0000-0000-0000-0000-0000-000000';

const closingCommands = (...of: Parameters<typeof closingSteps>) =>
  closingSteps(...of).flatMap(commandsOfStep);

describe('the end of a snapshot', () => {
  const action: SnapshotRemove = {
    ...{ id: 5, type: 'snapshot.remove', unit: 'SSD/root', closes: 3, target: 'SSD/root-snap' },
    ...{ origin: 'SSD/root', deactivateOrigin: false, extents: extents(65), bytes: bytes(65 * 4 * MiB) },
    reason: '',
  };
  const machine = (snapshot: Partial<Volume> | null, origin: Partial<Volume> = {}) =>
    anInventory({
      groups: [
        aGroup(
          'SSD',
          [{ device: '/dev/sda2', extents: 200 }],
          [
            aVolume('SSD', 'root', 64, origin),
            ...(snapshot ? [aVolume('SSD', 'root-snap', 65, snapshot)] : []),
          ],
        ),
      ],
    });
  const ours = { tags: ['lvmbackup', `lvmbackup.run=${run}`], origin: 'root' };

  test('removes it', () => {
    expect(closingCommands(action, machine(ours), { run, opened: true })).toEqual([
      ['lvremove', '-y', 'SSD/root-snap'],
    ]);
  });

  test('of the plain volume that a killed lvcreate or lvremove leaves, what the kernel has of it goes first', () => {
    const torn = { ...ours, origin: null, roles: ['public'] };
    const removal = [
      ['lvchange', '-y', '-an', 'SSD/root-snap'],
      ['dmsetup', 'remove', '--retry', 'SSD-root--snap-cow'],
      ['lvremove', '-y', 'SSD/root-snap'],
    ];
    expect(closingCommands(action, machine(torn), { run, opened: false })).toEqual(removal);
    const hanging = machine(torn, { unsettled: true });
    expect(closingCommands(action, hanging, { run, opened: true })).toEqual([
      ['lvchange', '--refresh', 'SSD/root'],
      ['lvchange', '--refresh', 'SSD/root'],
      ...removal,
    ]);
  });

  test('does nothing where it never came to be', () => {
    expect(closingCommands(action, machine(null), { run, opened: false })).toEqual([]);
    expect(closingCommands(action, anInventory({}), { run, opened: false })).toEqual([]);
  });

  test("never removes another's volume of that name, which is what the opening failed on", () => {
    expect(closingCommands(action, machine({ tags: [] }), { run, opened: false })).toEqual([]);
    const earlier = { ...ours, tags: ['lvmbackup', 'lvmbackup.run=20260101T000000Z'] };
    expect(closingCommands(action, machine(earlier), { run, opened: false })).toEqual([]);
  });

  test('is an error where the snapshot was made, and another volume has its name now', () => {
    const close = () => closingCommands(action, machine({ tags: [] }), { run, opened: true });
    expect(close).toThrow(/SSD\/root-snap is there, but it is not this run's/);
    expect(close).toThrow(UserError);
  });

  test('puts an origin that was inactive back to sleep, whether the snapshot came to be or not', () => {
    const asleep = { ...action, deactivateOrigin: true };
    const deactivate = ['lvchange', '-y', '-an', 'SSD/root'];
    expect(closingCommands(asleep, machine(null, { active: true }), { run, opened: false })).toEqual([
      deactivate,
    ]);
    expect(closingCommands(asleep, machine(null, { active: false }), { run, opened: false })).toEqual([]);
    expect(closingCommands(asleep, machine(ours), { run, opened: true }).at(-1)).toEqual(deactivate);
  });
});

describe('the end of a loan', () => {
  const pv: PlannedPv = {
    ...{ device: '/dev/sdb1', named: '/dev/disk/by-id/usb-WD-part1', uuid: UUID, make: true },
    ...{ deviceSize: bytes(441 * MiB), extents: extents(110) },
  };
  const action: GroupReduce = {
    ...{ id: 6, type: 'group.reduce', closes: 1, target: 'SSD', device: pv.device, pv, forgetDevice: false },
    ...{ extents: pv.extents, bytes: bytes(440 * MiB), reason: '' },
  };
  const opening = { run, opened: true };
  const tags = [`lvmbackup.lent=${UUID}`, `lvmbackup.made=${UUID}`];

  function machine(options: {
    member?: ReturnType<typeof aPv>;
    orphan?: ReturnType<typeof aPv>;
    tags?: string[];
  }) {
    const group = aGroup('SSD', [{ device: '/dev/sda2', extents: 100 }], [aVolume('SSD', 'root', 64)], {
      tags: options.tags ?? [],
    });
    const pvs = new Map([...group.pvs, ...(options.member ? [[UUID, options.member] as const] : [])]);
    return anInventory({
      groups: [{ ...group, pvs }],
      orphans: options.orphan ? [options.orphan] : [],
    });
  }
  const lentPv = (free = 110, device: string | null = '/dev/sdb1') =>
    aPv('/dev/sdb1', 110, free, { uuid: UUID, device });
  const words = (options: Parameters<typeof machine>[0], one: GroupReduce = action) =>
    closingCommands(one, machine(options), opening).map(([program, ...rest]) => [program, rest.at(-1)]);

  test('takes it out of the group, makes it blank again, and only then drops the tags', () => {
    expect(words({ member: lentPv(), tags })).toEqual([
      ['vgreduce', '/dev/sdb1'],
      ['blkdiscard', '/dev/sdb1'],
      ['pvremove', '/dev/sdb1'],
      ['blkdiscard', '/dev/sdb1'],
      ['vgchange', 'SSD'],
    ]);
  });

  test('leaves what was a physical volume before as one', () => {
    const lent = { ...action, pv: { ...pv, make: false } };
    expect(words({ member: lentPv(), tags }, lent)).toEqual([
      ['vgreduce', '/dev/sdb1'],
      ['vgchange', 'SSD'],
    ]);
  });

  test('drops the tags alone where no more than those were set', () => {
    expect(words({ tags })).toEqual([['vgchange', 'SSD']]);
  });

  test('makes a label blank that joined no group', () => {
    expect(words({ orphan: lentPv(), tags }).map(([program]) => program)).toEqual([
      'blkdiscard',
      'pvremove',
      'blkdiscard',
      'vgchange',
    ]);
  });

  test('does nothing where nothing was begun', () => {
    expect(words({})).toEqual([]);
  });

  test('finds the device by its UUID where it has another path by now', () => {
    expect(words({ member: lentPv(110, '/dev/sdc1'), tags })[0]).toEqual(['vgreduce', '/dev/sdc1']);
  });

  test("takes it out of LVM's devices file where it was not in there before", () => {
    expect(words({ member: lentPv(), tags }, { ...action, forgetDevice: true })).toContainEqual([
      'lvmdevices',
      '/dev/sdb1',
    ]);
  });

  test('is refused while a volume lies on it, which is named', () => {
    const snapshot = aVolume('SSD', 'root-snap', 65, { allocation: [{ pv: UUID, extents: extents(65) }] });
    const inventory = machine({ member: lentPv(45), tags });
    const group = inventory.groups.get('SSD');
    const volumes = new Map([...(group?.volumes ?? []), ['root-snap', snapshot]]);
    const groups = new Map([['SSD', { ...group, volumes } as never]]);
    expect(() => closingCommands(action, { ...inventory, groups }, opening)).toThrow(
      '/dev/disk/by-id/usb-WD-part1 cannot be taken back from SSD: SSD/root-snap still lies on it',
    );
  });

  test('is refused where the device is gone, and the tags stay for later', () => {
    expect(() => words({ member: lentPv(110, null), tags })).toThrow(
      '/dev/disk/by-id/usb-WD-part1, lent to SSD, is gone',
    );
  });
});
