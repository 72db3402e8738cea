/** Reading and writing in full, past the page cache wherever that can be. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoint, type FileIo, type OpenEnd } from '../../src/copy/endpoint.ts';
import { bytes } from '../../src/units.ts';

const [DIRECT, PLAIN] = [100, 200];
const SIZE = 60_000;

function openEnd(alignment: number | null): OpenEnd {
  const direct = alignment === null ? null : { fd: DIRECT, alignment };
  return { side: 'target', name: '/dev/t', size: bytes(SIZE), direct, plain: PLAIN };
}

/** A kernel that moves as much as it likes, and wants what direct I/O wants. */
class Kernel implements FileIo {
  readonly content: Buffer;
  readonly moves: { fd: number; length: number; offset: number }[] = [];

  constructor(
    readonly alignment: number | null,
    readonly shortest: () => number,
  ) {
    this.content = randomBytes(SIZE);
  }

  readonly read = async (fd: number, buffer: Buffer, offset: number): Promise<number> => {
    const count = this.#move(fd, buffer.length, offset);
    return this.content.copy(buffer, 0, offset, offset + count);
  };

  readonly write = async (fd: number, buffer: Buffer, offset: number): Promise<number> =>
    buffer.copy(this.content, offset, 0, this.#move(fd, buffer.length, offset));

  #move(fd: number, length: number, offset: number): number {
    this.moves.push({ fd, length, offset });
    if (fd === DIRECT) {
      const alignment = this.alignment ?? Number.NaN;
      expect([offset % alignment, length % alignment]).toEqual([0, 0]);
    }
    return Math.min(length, Math.max(1, this.shortest()), Math.max(0, SIZE - offset));
  }
}

const alignments = fc.constantFrom(512, 4096, null);
const place = fc.tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: SIZE })).map(([offset, length]) => ({
  offset,
  length: Math.min(length, SIZE - offset),
}));

test('all is moved, to where it belongs, however little the kernel moves at once', async () => {
  const shorts = fc.infiniteStream(fc.oneof(fc.constant(SIZE), fc.integer({ min: 1, max: 9000 })));
  await fc.assert(
    fc.asyncProperty(alignments, place, shorts, async (alignment, { offset, length }, short) => {
      const kernel = new Kernel(alignment, () => short.next().value ?? SIZE);
      const end = endpoint(openEnd(alignment), kernel);
      const buffer = Buffer.alloc(length);
      await end.read(buffer, offset);
      expect(buffer.equals(kernel.content.subarray(offset, offset + length))).toBe(true);
      const [data, wanted] = [randomBytes(length), Buffer.from(kernel.content)];
      data.copy(wanted, offset);
      await end.write(data, offset);
      expect(kernel.content.equals(wanted)).toBe(true);
    }),
  );
});

describe('goes past the page cache', () => {
  test.each([
    ['all of what is aligned', 512, 1024, 2048, [[DIRECT, 2048]]],
    [
      'but for the tail',
      512,
      1024,
      2100,
      [
        [DIRECT, 2048],
        [PLAIN, 52],
      ],
    ],
    ['not where it begins at an odd place', 512, 1000, 2048, [[PLAIN, 2048]]],
    ['not where it is too short', 4096, 8192, 4095, [[PLAIN, 4095]]],
    ['not where that cannot be', null, 4096, 4096, [[PLAIN, 4096]]],
  ] as const)('%s', async (_, alignment, offset, length, moves) => {
    const kernel = new Kernel(alignment, () => SIZE);
    await endpoint(openEnd(alignment), kernel).read(Buffer.alloc(length), offset);
    expect(kernel.moves.map(({ fd, length: count }) => [fd, count])).toEqual(moves);
  });
});

describe('an error has its device, its place and its code', () => {
  const failing = (code: string, after: number): FileIo => {
    const move = async (_: number, buffer: Buffer, offset: number) => {
      if (offset >= after) throw Object.assign(new Error('kernel'), { code });
      return Math.min(buffer.length, 512);
    };
    return { read: move, write: move };
  };

  test.each(['read', 'write'] as const)('of a %s that fails half-way', async (way) => {
    const moving = endpoint(openEnd(512), failing('EIO', 1536))[way](Buffer.alloc(4096), 0);
    await expect(moving).rejects.toMatchObject({
      ...{ side: 'target', device: '/dev/t', offset: 1536, exitCode: 1, cause: { code: 'EIO' } },
      message: 'target /dev/t at byte 1536: input/output error (EIO): the device could not do it',
    });
  });

  test.each([
    ['read', 'the device ended before its size'],
    ['write', 'it took no more bytes'],
  ] as const)('of a %s that moves nothing', async (way, what) => {
    const stuck: FileIo = { read: async () => 0, write: async () => 0 };
    const moving = endpoint(openEnd(null), stuck)[way](Buffer.alloc(10), 7);
    await expect(moving).rejects.toMatchObject({ offset: 7, what });
  });
});
