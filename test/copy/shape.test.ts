import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { shapeFor } from '../../src/copy/shape.ts';
import { bytes, GiB, KiB, MiB } from '../../src/units.ts';

const device = (rotational: boolean) => ({
  device: { kind: 'device' as const, size: bytes(GiB), identity: 'x', rotational },
});
const cores = availableParallelism();
const several = cores > 1;
const four = { lanes: 4, blockSize: 4 * MiB, threads: false };
const digesting = several ? { ...four, lanes: Math.min(4, cores), threads: true } : four;

test.each([
  ['flash to flash', 'full', false, false, null, GiB, digesting],
  ['compared', 'compare', false, false, null, GiB, digesting],
  ['a long list', 'list', false, false, null, GiB, digesting],
  ['by a manifest, where little is digested', 'manifest', false, false, null, GiB, four],
  ['little of it', 'full', false, false, null, 511 * MiB, four],
  ['a disk to flash', 'full', true, false, null, GiB, four],
  ['flash to a disk', 'full', false, true, null, GiB, four],
  ['a fast limit', 'full', false, false, 100 * MiB, GiB, four],
  ['a slow limit', 'full', true, true, MiB, GiB, { ...four, blockSize: CHUNK }],
  ['a very slow limit', 'full', false, false, KiB, GiB, { ...four, blockSize: CHUNK }],
] as const)('%s', (_, mode, from, to, rate, total, shape) => {
  const found = shapeFor({ source: device(from), target: device(to), rate }, mode, bytes(total));
  expect(found).toEqual(shape);
  expect(found.blockSize % CHUNK).toBe(0);
  // Buffers for both sides of every lane.
  expect(2 * found.lanes * found.blockSize).toBeLessThanOrEqual(32 * MiB);
});
