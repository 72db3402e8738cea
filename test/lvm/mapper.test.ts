import { expect, test } from 'vitest';
import { isLayerOf, mapperName } from '../../src/lvm/mapper.ts';

test.each([
  ['S', 'root'],
  ['S', 'a-b'],
  ['S-1', 'root'],
])('a layer of %s/%s is one of its group', (group, volume) => {
  expect(isLayerOf(group, mapperName(group, volume, 'real'), 'real')).toBe(true);
});

test.each([
  ['another layer', 'S', mapperName('S', 'root', 'cow')],
  ['a volume whose name ends so', 'S', mapperName('S', 'root-real')],
  ['a volume of that name', 'S', mapperName('S', 'real')],
  ["another group's, of which this one's name is the beginning", 'S', mapperName('S-1', 'root', 'real')],
  ["another group's", 'S', mapperName('ST', 'root', 'real')],
])('not %s', (_, group, name) => {
  expect(isLayerOf(group, name, 'real')).toBe(false);
});
