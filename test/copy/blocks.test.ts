/** Blocks cover exactly what they should, once each, where devices can be read past the page cache. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allBlocks,
  type Block,
  blocksWithout,
  bytesIn,
  chunkBlocks,
  rangeBlocks,
} from '../../src/copy/blocks.ts';
import { CHUNK, ChunkSet, chunkCount } from '../../src/copy/chunk.ts';
import { RangeSet } from '../../src/ranges.ts';
import { type Bytes, bytes } from '../../src/units.ts';

const CHUNKS = 24;
/** Odd ones too: not every file is a multiple of anything. */
const aSize = fc.integer({ min: 1, max: CHUNKS * CHUNK }).map(bytes);
const aFrom = fc.nat(6).map((chunks) => chunks * CHUNK);
const aBlockSize = fc.oneof(
  fc.integer({ min: 1, max: 8 }).map((chunks) => chunks * CHUNK),
  fc.constant(Number.POSITIVE_INFINITY),
);

/** In order, with no two of them over one another, none empty, within what there is. */
function expectInOrder(blocks: readonly Block[], from: number, size: Bytes, blockSize: number) {
  let done = from;
  for (const { offset, length } of blocks) {
    expect(offset).toBeGreaterThanOrEqual(done);
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(blockSize);
    done = offset + length;
  }
  expect(done).toBeLessThanOrEqual(Math.max(from, size));
}

const covers = (blocks: readonly Block[], place: number) =>
  blocks.some(({ offset, length }) => offset <= place && place < offset + length);

test('all of a volume from a place on is cut into blocks without a gap', () => {
  fc.assert(
    fc.property(aFrom, aSize, aBlockSize, (from, size, blockSize) => {
      const blocks = [...allBlocks(from, size, blockSize)];
      expectInOrder(blocks, from, size, blockSize);
      expect(bytesIn(blocks)).toBe(Math.max(0, size - from));
      for (const { offset } of blocks) expect(offset % CHUNK).toBe(0);
    }),
  );
});

describe('blocks of a set of chunks', () => {
  const someChunks = fc.array(fc.nat(CHUNKS - 1));

  test('are its chunks, from a place on, and nothing else', () => {
    fc.assert(
      fc.property(someChunks, aFrom, aSize, aBlockSize, (chosen, from, size, blockSize) => {
        const chunks = new ChunkSet(chunkCount(size));
        for (const chunk of chosen) if (chunk < chunks.chunks) chunks.add(chunk);
        const blocks = [...chunkBlocks(chunks, from, size, blockSize)];
        expectInOrder(blocks, from, size, blockSize);
        for (let chunk = 0; chunk < chunks.chunks; chunk++) {
          const [first, last] = [chunk * CHUNK, Math.min((chunk + 1) * CHUNK, size) - 1];
          const wanted = chunks.has(chunk) && first >= from;
          expect([covers(blocks, first), covers(blocks, last)]).toEqual([wanted, wanted]);
        }
        for (const { offset } of blocks) expect(offset % CHUNK).toBe(0);
      }),
    );
  });

  test('join neighbours', () => {
    const chunks = new ChunkSet(10);
    for (const chunk of [2, 3, 4, 5, 6, 9]) chunks.add(chunk);
    const blocks = [...chunkBlocks(chunks, 0, bytes(9 * CHUNK + 100), 4 * CHUNK)];
    expect(blocks).toEqual([
      { offset: 2 * CHUNK, length: 4 * CHUNK },
      { offset: 6 * CHUNK, length: CHUNK },
      { offset: 9 * CHUNK, length: 100 },
    ]);
  });
});

describe('blocks of ranges', () => {
  const range = fc.tuple(fc.nat(CHUNKS * CHUNK), fc.integer({ min: 1, max: 3 * CHUNK }));

  test('cover every byte that is named, from a place on, and no more than its page', () => {
    fc.assert(
      fc.property(fc.array(range), aFrom, aSize, aBlockSize, (ranges, from, size, blockSize) => {
        const list = new RangeSet();
        for (const [start, length] of ranges) list.add(start, length);
        const blocks = [...rangeBlocks(list, from, size, blockSize)];
        expectInOrder(blocks, from, size, blockSize);
        for (const [start, length] of ranges) {
          const [first, last] = [Math.max(start, from), Math.min(start + length, size) - 1];
          if (first <= last) expect([covers(blocks, first), covers(blocks, last)]).toEqual([true, true]);
        }
        for (const { offset, length } of blocks) {
          expect(offset % 4096).toBe(0);
          if (offset + length < size) expect(length % 4096).toBe(0);
          for (let page = offset; page < offset + length; page += 4096) {
            expect(ranges.some(([start, count]) => start < page + 4096 && start + count > page)).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('on one page are one block', () => {
    const list = new RangeSet();
    for (const start of [4096, 4200, 5000, 8191]) list.add(start, 1);
    expect([...rangeBlocks(list, 0, bytes(9000), CHUNK)]).toEqual([{ offset: 4096, length: 4096 }]);
  });
});

test('blocks that a range touches, by a byte, are left out', () => {
  const blocks = [...allBlocks(0, bytes(5 * CHUNK), CHUNK)];
  const holes = new RangeSet();
  holes.add(CHUNK - 1, 1);
  holes.add(3 * CHUNK, 1);
  const left = [...blocksWithout(blocks, holes)].map(({ offset }) => offset / CHUNK);
  expect(left).toEqual([1, 2, 4]);
});
