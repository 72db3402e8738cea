import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CopyError } from '../../src/copy/copy-error.ts';
import type { Source } from '../../src/copy/endpoint.ts';
import { readOrSalvage } from '../../src/copy/salvage.ts';
import { bytes } from '../../src/units.ts';

const PIECE = 4096;
const DATA = randomBytes(40 * PIECE + 100);

const failed = (code: string | null, place: number) =>
  new CopyError('source', 'S', place, 'failed', {
    cause: Object.assign(new Error('no'), code === null ? {} : { code }),
  });

/** Fails where a read touches one of the bad pieces, after it has filled what comes before. */
function source(bad: readonly number[], code: string | null = 'EIO'): Source {
  return {
    ...{ name: 'S', size: bytes(DATA.length) },
    async read(buffer, offset) {
      const end = offset + buffer.length;
      const first = bad.map((piece) => piece * PIECE).find((at) => at < end && at + PIECE > offset);
      DATA.copy(buffer, 0, offset, first ?? end);
      if (first !== undefined) throw failed(code, first);
    },
  };
}

test('a source that gives all is read once, and nothing is lost', async () => {
  const buffer = Buffer.alloc(9 * PIECE);
  expect(await readOrSalvage(source([]), buffer, 3 * PIECE, 'skip')).toEqual([]);
  expect(buffer.equals(DATA.subarray(3 * PIECE, 12 * PIECE))).toBe(true);
});

test('all but the bad pieces is there, these are zero, and they are named', async () => {
  const cases = fc.tuple(
    fc.uniqueArray(fc.nat(40)),
    fc.nat(20),
    fc.integer({ min: 1, max: 20 * PIECE + 100 }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([bad, first, length]) => {
      const [offset, buffer] = [first * PIECE, Buffer.alloc(length, 0x55)];
      const sorted = bad.sort((a, b) => a - b);
      const lost = await readOrSalvage(source(sorted), buffer, offset, 'skip');
      const wanted = Buffer.from(DATA.subarray(offset, offset + length));
      const named = sorted
        .map((piece) => piece * PIECE)
        .filter((at) => at >= offset && at < offset + length)
        .map((at) => ({ start: at, length: Math.min(PIECE, offset + length - at) }));
      for (const one of named) wanted.fill(0, one.start - offset, one.start - offset + one.length);
      expect(lost).toEqual(named);
      expect(buffer.equals(wanted)).toBe(true);
    }),
  );
});

test('a device that gives nothing at all any more is gone, not salvaged', async () => {
  const size = 1024 * PIECE;
  const answers = (at: number): Source => ({
    ...{ name: 'S', size: bytes(size) },
    async read(buffer, offset) {
      if (offset !== at) throw failed('EIO', offset);
      buffer.fill(7);
    },
  });
  const read = (source: Source, buffer: Buffer) => readOrSalvage(source, buffer, 100 * PIECE, 'skip');
  await expect(read(answers(-1), Buffer.alloc(64 * PIECE))).rejects.toThrow('the device is gone');
  // One that answers elsewhere has a large bad place; it is zero, whatever was read to find that out.
  const buffer = Buffer.alloc(64 * PIECE, 9);
  expect(await read(answers(size / 2), buffer)).toHaveLength(64);
  expect(buffer.equals(Buffer.alloc(64 * PIECE))).toBe(true);
});

describe('an error is thrown as it is', () => {
  test('where the first one shall stop the copy', async () => {
    const read = readOrSalvage(source([5]), Buffer.alloc(9 * PIECE), 0, 'stop');
    await expect(read).rejects.toMatchObject({ side: 'source', offset: 5 * PIECE });
  });

  test.each(['ENXIO', 'ENODEV', 'EBADF', null])('where it is none of reading: %s', async (code) => {
    const read = readOrSalvage(source([5], code), Buffer.alloc(9 * PIECE), 0, 'skip');
    await expect(read).rejects.toThrow('failed');
  });

  test('where the device goes meanwhile', async () => {
    let reads = 0;
    const going: Source = {
      ...source([]),
      async read(_, offset) {
        throw failed(++reads > 3 ? 'ENXIO' : 'EIO', offset);
      },
    };
    await expect(readOrSalvage(going, Buffer.alloc(9 * PIECE), 0, 'skip')).rejects.toMatchObject({
      offset: 2 * PIECE,
    });
  });

  test('where it is no error of a device at all', async () => {
    const broken: Source = { ...source([]), read: () => Promise.reject(new TypeError('broken')) };
    await expect(readOrSalvage(broken, Buffer.alloc(10), 0, 'skip')).rejects.toThrow(TypeError);
  });
});

test.each(['EIO', 'EILSEQ', 'ENODATA', 'EREMOTEIO'])('%s is an error of reading', async (code) => {
  expect(await readOrSalvage(source([1], code), Buffer.alloc(3 * PIECE), 0, 'skip')).toEqual([
    { start: PIECE, length: PIECE },
  ]);
});
