import { expect, test } from 'vitest';
import { neverOverflowExtents, percentOfOriginExtents } from '../../src/lvm/cow-size.ts';
import { bytes, extents, GiB, MiB, TiB } from '../../src/units.ts';

const EXTENT = bytes(4 * MiB);

test.each([
  [256 * MiB, 4096, 65],
  [400 * MiB, 4096, 101],
  [1 * GiB, 4096, 258],
  [10 * GiB, 4096, 2571],
  [100 * GiB, 4096, 25701],
  [1 * TiB, 4096, 263169],
  [1 * GiB, 32768, 257],
  [100 * GiB, 131072, 25604],
  [1 * TiB, 524288, 262153],
])('an origin of %i bytes in chunks of %i can never overflow %i extents', (size, chunk, count) => {
  expect(neverOverflowExtents(bytes(size), EXTENT, bytes(chunk))).toBe(count);
});

test.each([
  [100, 64, 65],
  [50, 64, 33],
  [20, 64, 14],
  [1, 100, 2],
  [150, 64, 65],
])(
  '%i%%ORIGIN of %i extents is %i: the metadata of the whole origin comes on top',
  (percent, origin, count) => {
    expect(percentOfOriginExtents(percent, extents(origin), EXTENT)).toBe(count);
  },
);
