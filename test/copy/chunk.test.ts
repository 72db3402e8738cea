import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHUNK, ChunkSet, chunkCount, chunksAround } from '../../src/copy/chunk.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, TiB } from '../../src/units.ts';

test.each([
  [0, 0],
  [1, 1],
  [CHUNK - 1, 1],
  [CHUNK, 1],
  [CHUNK + 1, 2],
  [TiB, 4_194_304],
])('%i bytes have %i chunks', (size, count) => {
  expect(chunkCount(bytes(size))).toBe(count);
});

test.each([
  [0, 1, 0, 1],
  [CHUNK - 1, 1, 0, 1],
  [CHUNK - 1, 2, 0, 2],
  [CHUNK, CHUNK, 1, 2],
  [3 * CHUNK + 5, 2 * CHUNK, 3, 6],
])('the range from %i of %i bytes touches chunks %i up to %i', (start, length, first, end) => {
  expect(chunksAround(start, length)).toEqual({ first, end });
});

test('a set holds what was added to it, and nothing else', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(299)), (chunks, added) => {
      const [set, plain] = [new ChunkSet(chunks), new Set<number>()];
      for (const chunk of added.filter((one) => one < chunks)) {
        set.add(chunk);
        plain.add(chunk);
      }
      expect(set.size).toBe(plain.size);
      for (let chunk = 0; chunk < chunks + 16; chunk++) expect(set.has(chunk)).toBe(plain.has(chunk));
    }),
  );
});

test('every byte of a range that was added lies in a chunk of the set, and every chunk holds one', () => {
  const range = fc.tuple(fc.nat(40 * CHUNK), fc.integer({ min: 1, max: 4 * CHUNK }));
  fc.assert(
    fc.property(fc.array(range), fc.integer({ min: 1, max: 40 }), (ranges, chunks) => {
      const list = new RangeSet();
      for (const [start, length] of ranges) list.add(start, length);
      const set = new ChunkSet(chunks).addAround(list);
      for (let chunk = 0; chunk < chunks; chunk++) {
        const touched = ranges.some(
          ([start, length]) => start < (chunk + 1) * CHUNK && start + length > chunk * CHUNK,
        );
        expect(set.has(chunk)).toBe(touched);
      }
    }),
  );
});

test('chunks past the number that 31 bits hold are told apart', () => {
  const far = 2 ** 31 + 3;
  const set = new ChunkSet(far + 8);
  set.add(far);
  expect([far - 1, far, far + 1, 3].map((chunk) => set.has(chunk))).toEqual([false, true, false, false]);
  expect(set.size).toBe(1);
});
