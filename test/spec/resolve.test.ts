/** Policies, sets, patterns and defaults: what a file comes to. */
import { describe, expect, test } from 'vitest';
import { merge } from '../../src/spec/merge.ts';
import { file, specOf, volumeOf } from './helpers.ts';

test('defaults of the contract', () => {
  expect(volumeOf('- source: S/root')).toMatchObject({
    source: { kind: 'volume', group: 'S', name: 'root' },
    backup: 'root-backup',
    set: null,
    method: 'image',
    refreshAfter: null,
    alertAfter: null,
    snapshot: { name: 'root-snap', size: { unit: '%ORIGIN', percent: 100 }, atLeast: null, lend: null },
    keep: { last: 1, daily: 0 },
    tracking: 'none',
    onReadError: 'stop',
    freezeLimit: 60,
  });
  expect(specOf(file('- source: S/root')).group).toMatchObject({
    extentSize: 4 * 1024 ** 2,
    whenMissing: 'fail',
  });
});

test('it is late after half as long again, where nothing else is said', () => {
  expect(volumeOf('- {source: S/a, refreshAfter: 20h}').alertAfter).toBe(30 * 3600);
});

describe('merging', () => {
  test('maps merge at every level, scalars and lists replace, null takes away', () => {
    const below = { a: 1, deep: { x: { p: 1, q: 2 }, y: [1, 2] }, gone: 3 };
    const above = { deep: { x: { q: 5 }, y: [9] }, gone: null, fresh: { z: null, w: 1 } };
    expect(merge(below, above)).toEqual({ a: 1, deep: { x: { p: 1, q: 5 }, y: [9] }, fresh: { w: 1 } });
  });

  const defaults =
    'defaults: {refreshAfter: 20h, snapshot: {size: 10GiB, lend: /dev/sdz}}\npolicies: {weekly: {refreshAfter: 6d, snapshot: {atLeast: 1GiB}}}\n';

  test('a policy by name goes over the defaults, the volume over both', () => {
    const volume = volumeOf('- {source: S/a, policy: weekly, snapshot: {size: 5%ORIGIN}}', defaults);
    expect(volume.refreshAfter).toBe(6 * 86_400);
    expect(volume.snapshot).toMatchObject({
      size: { unit: '%ORIGIN', percent: 5 },
      atLeast: { unit: 'bytes', bytes: 1024 ** 3 },
      lend: '/dev/sdz',
    });
  });

  test('null takes an inherited key away', () => {
    const volume = volumeOf('- {source: S/a, refreshAfter: null, snapshot: {lend: null}}', defaults);
    expect(volume.refreshAfter).toBeNull();
    expect(volume.snapshot).toMatchObject({ lend: null, size: { bytes: 10 * 1024 ** 3 } });
  });
});

test('sources are told apart by their characters alone', () => {
  expect(volumeOf('- {source: /dev/sda1, backup: b}').source).toEqual({
    kind: 'device',
    text: '/dev/sda1',
    path: '/dev/sda1',
  });
  expect(volumeOf('- {source: "vm/web-?", exclude: [web-x, "old*"]}')).toMatchObject({
    source: { kind: 'pattern', group: 'vm', pattern: 'web-?', exclude: ['web-x', 'old*'] },
    backup: null,
    snapshot: { name: null },
  });
});

test('a set is named by its members; one that nobody names is a warning', () => {
  const spec = specOf(file('- {source: S/a, set: db}\n- {source: S/b, set: db}'));
  expect(spec.volumes.map(({ set }) => set)).toEqual(['db', 'db']);
});

test('the resolved Spec is plain data: JSON and back without loss', () => {
  const spec = specOf(file('- {source: S/a, snapshot: {size: 5120 extents, atLeast: 10%FREE}}'));
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});
