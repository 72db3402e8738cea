import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import { BLANK_PROBE, fullreportOf, stateOf } from '../helpers/fixtures.ts';
import { mutationsOf } from '../helpers/mutate.ts';

describe('a recorded state', () => {
  test('gives groups, devices, other names and probes', () => {
    const inventory = inventoryOf(
      stateOf('guide', {
        links: { '/dev/disk/by-id/usb-WD-part1': '/dev/vdb1' },
        probes: { '/dev/vdb1': BLANK_PROBE },
      }),
    );
    expect([...inventory.groups.keys()]).toEqual(['VolGroupSSD']);
    expect(inventory.lvmVersion).toBe('2.03.16');
    expect(inventory.devices?.byPath.get('/dev/vdb1')?.size).toBe(140 * 1024 ** 2);
    expect(inventory.devices?.links.get('/dev/disk/by-id/usb-WD-part1')).toBe('/dev/vdb1');
    expect(inventory.devices?.probes.get('/dev/vdb1')).toMatchObject({ signature: null, exclusive: true });
    expect(inventory.devicesFile).toBe(null);
  });

  test('knows by its own system ID which groups are foreign', () => {
    const state = stateOf('guide', { systemId: 'mine' });
    const { report } = state.fullreport as ReturnType<typeof fullreportOf>;
    Object.assign(report[0]?.vg?.[0] ?? {}, { vg_systemid: 'other' });
    expect(inventoryOf(state).groups.get('VolGroupSSD')?.unusable).toBe('foreign');
  });

  test('of a later minor format is read: a minor step only adds', () => {
    expect(inventoryOf(stateOf('guide', { formatVersion: '1.7', news: {} })).groups.size).toBe(1);
  });

  test.each(['2.0', '', 1, null, '1x'])('of format %j is refused', (formatVersion) => {
    expect(() => inventoryOf(stateOf('guide', { formatVersion }))).toThrow(/the state has format/);
  });
});

test('a bare full report is a state without devices', () => {
  const inventory = inventoryOf(fullreportOf('kinds'));
  expect(inventory.groups.size).toBe(1);
  expect(inventory.devices).toBe(null);
  expect(inventory.lvmVersion).toBe(null);
});

test.each<[what: string, traits: Record<string, unknown>, message: RegExp]>([
  ['lsblk', { lsblk: null }, /no output of lsblk --json/],
  ['lsblk', { lsblk: { blockdevices: [null] } }, /is no object but null/],
  ['links', { links: ['/dev/vdb'] }, /the state's "links" is no object but a list/],
  ['links', { links: { '/dev/x': 3 } }, /entry "\/dev\/x", is no text but 3/],
  ['probes', { probes: { '/dev/vdb': {} } }, /entry "\/dev\/vdb", "blkid" is no text but missing/],
  [
    'probes',
    { probes: { '/dev/vdb': { ...BLANK_PROBE, exclusive: 'yes' } } },
    /"exclusive" is neither true nor false but "yes"/,
  ],
  ['probes', { probes: { '/dev/vdb': { ...BLANK_PROBE, wipefs: '{' } } }, /the output of wipefs is no JSON/],
  ['mountinfo', { mountinfo: [] }, /the state's "mountinfo" is no text but a list/],
  ['devicesFile', { devicesFile: 'x' }, /the state's "devicesFile" is no list but "x"/],
])('a state with wrong %s says what is wrong', (_, traits, message) => {
  expect(() => inventoryOf(stateOf('guide', traits))).toThrow(message);
});

test.each(['guide', 'kinds', 'missing'] as const)(
  'whatever is wrong in a state of %s: it is an inventory or an error with exit code 3',
  (machine) => {
    const state = stateOf(machine, { links: { '/dev/x': '/dev/vdb' }, probes: { '/dev/vdb': BLANK_PROBE } });
    fc.assert(
      fc.property(mutationsOf(state), (damaged) => {
        try {
          expect(inventoryOf(damaged).groups).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(error).toHaveProperty('exitCode', 3);
        }
      }),
      { numRuns: 600 },
    );
  },
);

test('a tree that nests without end is an error, not an overflow', () => {
  let node: object = { path: '/dev/x' };
  for (let depth = 0; depth < 20_000; depth++) node = { path: `/dev/${depth}`, children: [node] };
  expect(() => inventoryOf(stateOf('guide', { lsblk: { blockdevices: [node] } }))).toThrow(UserError);
});
