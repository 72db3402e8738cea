import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { shapeFor } from '../../src/copy/shape.ts';
import { bytes, GiB, KiB, MiB } from '../../src/units.ts';

const device = (rotational: boolean) => ({
  device: { kind: 'device' as const, size: bytes(GiB), identity: 'x', rotational },
});
const cores = availableParallelism() > 1;

test.each([
  ['flash to flash', false, false, null, GiB, { lanes: 4, blockSize: MiB, threads: cores }],
  ['little of it', false, false, null, 255 * MiB, { lanes: 4, blockSize: MiB, threads: false }],
  ['a disk to flash', true, false, null, GiB, { lanes: 2, blockSize: 4 * MiB, threads: false }],
  ['flash to a disk', false, true, null, GiB, { lanes: 2, blockSize: 4 * MiB, threads: false }],
  ['a fast limit', false, false, 100 * MiB, GiB, { lanes: 4, blockSize: MiB, threads: false }],
  ['a slow limit', true, true, MiB, GiB, { lanes: 2, blockSize: CHUNK, threads: false }],
  ['a very slow limit', false, false, KiB, GiB, { lanes: 4, blockSize: CHUNK, threads: false }],
])('%s', (_, from, to, rate, total, shape) => {
  const found = shapeFor({ source: device(from), target: device(to), rate }, bytes(total));
  expect(found).toEqual(shape);
  expect(found.blockSize % CHUNK).toBe(0);
  // Buffers for both sides of every lane.
  expect(2 * found.lanes * found.blockSize).toBeLessThanOrEqual(16 * MiB);
});
