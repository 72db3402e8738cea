/** What is decided before a point is read or mounted. */
import { describe, expect, test } from 'vitest';
import type { Volume } from '../../src/lvm/inventory.ts';
import { OWNED, tag } from '../../src/lvm/tags.ts';
import { UnknownPoint } from '../../src/plan/choose-point.ts';
import { mountWay } from '../../src/plan/mount-way.ts';
import {
  idleOverlays,
  idlePoints,
  idlePool,
  mountedOn,
  unfinishedRestores,
} from '../../src/plan/mounted-points.ts';
import { pointsToVerify } from '../../src/plan/points-to-verify.ts';
import { pointIn } from '../../src/plan/restore-points.ts';
import { verdictsOn, verdictTags } from '../../src/plan/verdict.ts';
import { aDevice, aGroup, anInventory, aVolume } from '../helpers/machine.ts';

const TIME = '2026-11-23T05:00:00Z';

function aPoint(
  name: string,
  traits: Partial<Volume> = {},
  more: readonly string[] = [tag('state', 'complete')],
): Volume {
  const tags = [
    OWNED,
    tag('source', 'S/root'),
    tag('sourceid', 'a/b'),
    tag('time', TIME),
    tag('digest', 'd'),
    ...more,
  ];
  return aVolume('B', name, 10, { tags, active: false, ...traits });
}

const machine = (...volumes: Volume[]) =>
  anInventory({ groups: [aGroup('B', [{ device: '/dev/vdb', extents: 90 }], volumes)] });

describe('the verdict of a reading', () => {
  const DAMAGED = [tag('state', 'damaged'), tag('verified', `${TIME}:damaged`)];

  test('takes the place of the one before, and decides what the point is taken for', () => {
    const tags = [
      OWNED,
      tag('state', 'complete'),
      tag('digest', 'd'),
      tag('verified', '2026-01-01T00:00:00Z:ok'),
    ];
    expect(verdictTags(tags, 'complete', { time: TIME, ok: false })).toEqual({
      from: [tags[1], tags[3]],
      to: DAMAGED,
    });
    expect(verdictTags([OWNED, ...DAMAGED], 'damaged', { time: TIME, ok: true }).to).toEqual([
      ...[tag('state', 'complete'), tag('verified', `${TIME}:ok`)],
    ]);
    expect(verdictTags([], 'incomplete', { time: TIME, ok: true }).to[0]).toBe(tag('state', 'incomplete'));
  });

  test('is that of the head too, which shares the blocks and would hand them on', () => {
    const thin = { pool: 'p', layout: ['thin', 'sparse'] };
    const [head, point, other] = [
      aPoint('root-backup', thin),
      aPoint('root-backup.20261123T050000Z', thin),
      aPoint('root-backup.2'),
    ];
    const group = aGroup('B', [{ device: '/dev/vdb', extents: 90 }], [head, point, other]);
    const read = pointIn(point);
    if (read === null) throw new Error('no point');
    const volumes = (ok: boolean) => verdictsOn(group, read, { time: TIME, ok }).map(({ volume }) => volume);
    expect(volumes(false)).toEqual(['B/root-backup.20261123T050000Z', 'B/root-backup']);
    expect(volumes(true)).toEqual(['B/root-backup.20261123T050000Z']);
  });
});

describe('what is read again', () => {
  const whole = aPoint('a');
  const found = aPoint('b', {}, [tag('state', 'damaged'), tag('verified', `${TIME}:damaged`)]);
  const holed = aPoint('c', {}, [tag('state', 'damaged')]);
  const torn = aPoint('d', {}, [tag('state', 'incomplete')]);

  test('what can be held against a digest; the rest is named with the reason', () => {
    const { points, passedOver } = pointsToVerify(machine(whole, found, holed, torn), [], null);
    expect(points.map(({ path }) => path)).toEqual(['B/a', 'B/b']);
    expect(passedOver.map(({ point, reason }) => [point.path, reason])).toEqual([
      ['B/c', expect.stringContaining('could not be read everywhere')],
      ['B/d', expect.stringContaining('not complete')],
    ]);
  });

  test('by source or by volume, in one group or in all', () => {
    const all = machine(whole, found);
    expect(pointsToVerify(all, ['B/b'], 'B').points.map(({ path }) => path)).toEqual(['B/b']);
    expect(pointsToVerify(all, ['S/root'], null).points).toHaveLength(2);
    expect(() => pointsToVerify(all, ['S/root'], 'X')).toThrow(UnknownPoint);
  });
});

describe('how a file system is mounted', () => {
  test.each([
    ['ext4', 'clean', 'ro,noload', false],
    ['ext4', 'dirty', 'ro', true],
    ['ext4', 'none', 'ro', false],
    ['ext2', 'none', 'ro', false],
    ['xfs', 'clean', 'ro,nouuid,norecovery', false],
    ['xfs', 'dirty', 'ro,nouuid', true],
    ['xfs', 'unknown', 'ro,nouuid', true],
    ['vfat', 'none', 'ro', false],
  ] as const)('%s with a journal that is %s: %s', (type, journal, options, overlay) => {
    expect(mountWay(type, journal)).toEqual({ kind: 'mount', type, options, overlay });
  });

  test.each([null, 'btrfs', 'crypto_LUKS', 'LVM2_member', 'linux_raid_member', 'dos', 'gpt', 'swap'])(
    '%s is not mounted',
    (signature) => {
      expect(mountWay(signature, 'none').kind).toBe('refuse');
    },
  );
});

describe('what is mounted, and what was left', () => {
  const devices = [
    aDevice('/dev/mapper/B-a', 1, { type: 'lvm', mountPoints: ['/mnt/a'] }),
    aDevice('/dev/mapper/B-b', 1, { type: 'lvm', children: ['/dev/mapper/lvmbackup-overlay-1'] }),
    aDevice('/dev/mapper/lvmbackup-overlay-1', 1, {
      ...{ type: 'dm', mountPoints: ['/mnt/b'], parents: ['/dev/mapper/B-b', '/dev/loop0'] },
    }),
    aDevice('/dev/mapper/lvmbackup-overlay-2', 1, { type: 'dm', parents: ['/dev/mapper/B-c', '/dev/loop1'] }),
    aDevice('/dev/sda1', 1, { mountPoints: ['/home'] }),
  ];
  const open = { active: true, open: true };
  const groups = [
    aGroup(
      'B',
      [{ device: '/dev/vdb', extents: 90 }],
      [aPoint('a', open), aPoint('b', open), aPoint('c', { active: true })],
    ),
  ];
  const inventory = anInventory({ groups, devices, probes: [] });

  test('through a layer or without one, and nothing that is no point', () => {
    expect(mountedOn(inventory, '/mnt/a')).toMatchObject({ point: { path: 'B/a' }, overlay: null });
    expect(mountedOn(inventory, '/mnt/b')).toMatchObject({
      point: { path: 'B/b' },
      overlay: 'lvmbackup-overlay-1',
    });
    expect(mountedOn(inventory, '/home')).toBeNull();
    expect(mountedOn(inventory, '/mnt')).toBeNull();
  });

  test('left: layers that nothing mounts, points that nobody has open, targets that are not whole', () => {
    expect(idleOverlays(inventory)).toEqual(['lvmbackup-overlay-2']);
    expect(idlePoints(inventory).map(({ path }) => path)).toEqual(['B/c']);
    const target = aVolume('S', 'root', 4, { tags: [tag('restoring', TIME)] });
    const group = aGroup('S', [{ device: '/dev/vda', extents: 9 }], [target]);
    expect(unfinishedRestores(anInventory({ groups: [group] }))).toEqual(['S/root']);
  });

  test('a pool rests where nothing else in it is active, and only one of ours', () => {
    const pool = aVolume('B', 'points', 20, { tags: [OWNED], layout: ['thin', 'pool'] });
    const thin = aPoint('a.20261123T050000Z', { pool: 'points', active: true });
    expect(idlePool(machine(pool, thin), thin)).toBe('B/points');
    const other = aVolume('B', 'other', 1, { pool: 'points' });
    expect(idlePool(machine(pool, thin, other), thin)).toBeNull();
    expect(idlePool(machine({ ...pool, tags: [] }, thin), thin)).toBeNull();
    expect(idlePool(machine(pool, thin), aPoint('a'))).toBeNull();
  });
});
