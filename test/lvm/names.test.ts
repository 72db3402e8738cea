import { expect, test } from 'vitest';
import { deviceNameFault, groupNameFault, volumeNameFault } from '../../src/lvm/names.ts';

test.each(['x-snap', 'a.b+c', 'lvol0', 'A_z-9', 'x'.repeat(127)])('LVM takes %s', (name) => {
  expect(volumeNameFault(name)).toBe(null);
});

test.each([
  ['', /at least one character/],
  ['-x', /begins with -/],
  ['.', /named \./],
  ['..', /named \.\./],
  ['a b', /no " " in a name/],
  ['ä', /no "ä" in a name/],
  ['a/b', /no "\/" in a name/],
  ['😀', /no "😀" in a name/],
  ['snapshot1', /begin with snapshot/],
  ['pvmove0', /begin with pvmove/],
  ['a_mimage', /_mimage/],
  ['a_tdata', /_tdata/],
  ['lvol0_pmspare', /_pmspare/],
  ['x'.repeat(128), /at most 127/],
])('LVM refuses the volume name %j, and the reason says why', (name, reason) => {
  expect(volumeNameFault(name)).toMatch(reason);
});

test('what is kept for volumes is free for groups', () => {
  expect(groupNameFault('snapshots')).toBe(null);
  expect(groupNameFault('a_tdata')).toBe(null);
});

test('device-mapper has 127 characters for both names, in which a hyphen counts twice', () => {
  const group = 'g'.repeat(60);
  expect(deviceNameFault(group, 'v'.repeat(61))).toBe(null);
  expect(deviceNameFault(group, 'v'.repeat(62))).toMatch(/1 characters? too long/);
  expect(deviceNameFault(group, `-${'v'.repeat(60)}`)).toMatch(/too long/);
});
