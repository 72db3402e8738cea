import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/lvm/change-list.ts';
import { type CowStore, readCowTable } from '../../src/lvm/cow-table.ts';
import { bytes, KiB, MiB, TiB } from '../../src/units.ts';
import { MadeStore } from './cow-store.ts';

const span = (size: number, before = size): Span => ({ size: bytes(size), before: bytes(before) });
const ofChunks = (count: number, chunk = 4096) => span(count * chunk);

async function rangesIn(store: MadeStore, of: Span): Promise<[number, number][]> {
  const ranges = await readCowTable(store, of, store.metadata);
  return [...ranges].map(({ start, length }) => [start, length]);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the table of a COW store', () => {
  test('of a live volume, read on LVM 2.03.16, names its four chunks', async () => {
    const store = new MadeStore({ olds: [100, 101, 102, 7000] });
    expect(store.at(4096).subarray(0, 72).toString('hex')).toBe(
      [
        '6400000000000000 0200000000000000 6500000000000000 0300000000000000',
        '6600000000000000 0400000000000000 581b000000000000 0500000000000000 0000000000000000',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
    expect(await rangesIn(store, span(256 * MiB))).toEqual([
      [100 * 4096, 3 * 4096],
      [7000 * 4096, 4096],
    ]);
  });

  test('of a snapshot whose origin was not written to is empty', async () => {
    expect(await rangesIn(new MadeStore({ olds: [] }), ofChunks(10))).toEqual([]);
  });

  test.each([
    [4096, 0],
    [4096, 255],
    [4096, 256],
    [4096, 257],
    [4096, 512],
    [16 * KiB, 1024],
    [64 * KiB, 4097],
    [512 * KiB, 32_768],
  ])('in chunks of %i with %i exceptions ends where an area does, or amid one', async (chunk, count) => {
    const store = new MadeStore({ chunk, olds: upTo(count) });
    expect(await rangesIn(store, ofChunks(40_000, chunk))).toEqual(count === 0 ? [] : [[0, count * chunk]]);
  });

  test('is read area by area over hundreds of them, each once', async () => {
    const store = new MadeStore({ olds: upTo(100_000).map((index) => index * 3) });
    const ranges = await readCowTable(store, ofChunks(300_000), store.metadata);
    expect(ranges.count).toBe(100_000);
    expect(ranges.total).toBe(100_000 * 4096);
    expect(store.reads).toEqual([0, ...upTo(391).map((area) => store.areaOffset(area))]);
    expect(store.areaOffset(1)).toBe(4096 + 1_052_672);
  });

  test('names what was written, whatever it was, no more and no less', async () => {
    const chunks = fc.constantFrom(4096, 8192, 16_384);
    const olds = fc.uniqueArray(fc.nat(5000), { maxLength: 3000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(chunks, olds, async (chunk, written) => {
        const ranges = await rangesIn(new MadeStore({ chunk, olds: written }), ofChunks(5001, chunk));
        const named = ranges.flatMap(([start, length]) =>
          upTo(length / chunk).map((index) => start / chunk + index),
        );
        expect(named).toEqual([...written].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  test('names the origin to its end, which may lie amid a chunk', async () => {
    const store = new MadeStore({ chunk: 64 * KiB, olds: [3] });
    expect(await rangesIn(store, span(3 * 64 * KiB + 4096))).toEqual([[3 * 64 * KiB, 4096]]);
  });

  test('is followed by what the volume has grown by, also where that was written to', async () => {
    const store = new MadeStore({ olds: [1, 9, 12] });
    expect(await rangesIn(store, span(20 * 4096, 10 * 4096))).toEqual([
      [4096, 4096],
      [9 * 4096, 11 * 4096],
    ]);
  });

  test('counts chunks beyond 2^32', async () => {
    const far = 2 ** 32 + 5;
    expect(await rangesIn(new MadeStore({ olds: [far] }), span(17 * TiB))).toEqual([[far * 4096, 4096]]);
  });
});

describe('a table that is written to while it is read', () => {
  test('is read again where its later half came first', async () => {
    const store = new MadeStore({ olds: [5, 6] });
    let reads = 0;
    const torn = {
      size: store.size,
      async read(length: number, offset: number) {
        const chunk = await store.read(length, offset);
        if (offset > 0 && reads++ === 0) chunk.fill(0, 0, 16);
        return chunk;
      },
    };
    expect([...(await readCowTable(torn, ofChunks(10), store.metadata))]).toEqual([
      { start: 5 * 4096, length: 2 * 4096 },
    ]);
    expect(reads).toBe(2);
  });

  test('may have grown by more areas than the kernel told of', async () => {
    const store = new MadeStore({ olds: upTo(600) });
    expect((await readCowTable(store, ofChunks(600), bytes(2 * 4096))).total).toBe(600 * 4096);
  });
});

describe('no list is had from', () => {
  async function codeOf(store: CowStore, of: Span, metadata = 0): Promise<string> {
    const failure = await readCowTable(store, of, bytes(metadata)).then(
      () => ({ code: 'none' }),
      (error) => error,
    );
    return failure.code;
  }

  /** 300 exceptions: two areas, the second with 44. */
  const withHeader = (word: 'magic' | 'valid' | 'version' | 'chunk', value: number) => {
    const store = new MadeStore({ olds: upTo(300) });
    store.setHeader(word, value);
    return store;
  };

  test.each([
    ['a store that was never written', withHeader('magic', 0), 'not-a-store'],
    ['another magic', withHeader('magic', 0x70416e54), 'not-a-store'],
    ['a store that is marked not valid', withHeader('valid', 0), 'not-valid'],
    ['a mark that is neither', withHeader('valid', 2), 'not-valid'],
    ['another version', withHeader('version', 2), 'version'],
    ['chunks of no size', withHeader('chunk', 0), 'chunk-size'],
    ['chunks of 2 KiB', withHeader('chunk', 4), 'chunk-size'],
    ['chunks of 12 KiB', withHeader('chunk', 24), 'chunk-size'],
    ['chunks of 1 MiB', withHeader('chunk', 2048), 'chunk-size'],
  ])('%s', async (_, store, code) => {
    expect(await codeOf(store, ofChunks(300))).toBe(code);
  });

  test.each([
    ['a chunk beyond the origin', 300, 50, 'old-chunk'],
    ['a chunk far beyond any device', 2n ** 63n, 50, 'old-chunk'],
    ['data in the header', 7, 1n << 62n, 'new-chunk'],
    ['data in the first area', 7, 1, 'new-chunk'],
    ['data in the second area', 7, 258, 'new-chunk'],
    ['data beyond the store', 7, 303, 'new-chunk'],
  ])('%s', async (_, old, stored, code) => {
    for (const index of [0, 255, 256, 299]) {
      const store = new MadeStore({ olds: upTo(300), size: 303 * 4096 });
      store.setException(index, old, stored);
      expect(await codeOf(store, ofChunks(300))).toBe(code);
    }
  });

  test('a table that names a chunk twice', async () => {
    for (const twice of [3, 77, 298]) {
      const store = new MadeStore({ olds: [...upTo(299), twice] });
      expect(await codeOf(store, ofChunks(300))).toBe('duplicate');
    }
  });

  test('a table that goes on after its end', async () => {
    const store = new MadeStore({ olds: upTo(20) });
    store.at(4096).fill(0, 8 * 16, 9 * 16);
    expect(await codeOf(store, ofChunks(300))).toBe('unsteady');
    expect(store.reads.length).toBeGreaterThan(2);
  });

  test('a table that is shorter than the kernel says', async () => {
    const store = new MadeStore({ olds: upTo(300) });
    expect(await codeOf(store, ofChunks(300), 3 * 4096)).toBe('none');
    expect(await codeOf(store, ofChunks(300), 4 * 4096)).toBe('too-short');
    // The second area is lost, as where a stale block is read.
    store.at(store.areaOffset(1)).fill(0);
    expect(await codeOf(store, ofChunks(300), 3 * 4096)).toBe('none');
    store.at(store.areaOffset(0)).fill(0);
    expect(await codeOf(store, ofChunks(300), 3 * 4096)).toBe('too-short');
  });

  test('a table that goes on beyond its store', async () => {
    const store = new MadeStore({ olds: upTo(256), size: 258 * 4096 });
    expect(await codeOf(store, ofChunks(300))).toBe('too-short');
  });

  test('a table in which chance has changed something, or it is another list of chunks that are there', async () => {
    const size = 1000;
    await fc.assert(
      fc.asyncProperty(fc.nat(700 * 16 - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const store = new MadeStore({ olds: upTo(700) });
        const area = store.at(store.areaOffset(Math.floor(place / 4096)));
        area.writeUInt8(area.readUInt8(place % 4096) ^ flip, place % 4096);
        const ranges = await readCowTable(store, ofChunks(size), store.metadata).catch(
          ({ code }) => code as string,
        );
        if (typeof ranges === 'string') {
          expect(['old-chunk', 'new-chunk', 'duplicate', 'unsteady']).toContain(ranges);
        } else {
          // What is left are changes of where the data are, and of which chunk it is, to one that was not named.
          expect(ranges.total).toBe(700 * 4096);
        }
      }),
      { numRuns: 500 },
    );
  });
});
