/** Where a pass goes: a volume cut into blocks, or only the parts of it that are candidates. */
import type { RangeSet } from '../ranges.ts';
import { type Bytes, bytes } from '../units.ts';
import { CHUNK, type ChunkSet, chunkCount } from './chunk.ts';

export interface Block {
  readonly offset: number;
  readonly length: number;
}

export function bytesIn(blocks: Iterable<Block>): Bytes {
  let total = 0;
  for (const { length } of blocks) total += length;
  return bytes(total);
}

/** Those that none of the ranges touches. */
export function* blocksWithout(blocks: Iterable<Block>, ranges: RangeSet): Generator<Block> {
  const left = [...ranges];
  for (const block of blocks) {
    const { offset, length } = block;
    if (!left.some((range) => range.start < offset + length && offset < range.start + range.length))
      yield block;
  }
}

/** All from `from` on, which is a multiple of a chunk; `blockSize` is one too. */
export function* allBlocks(from: number, size: Bytes, blockSize: number): Generator<Block> {
  for (let offset = from; offset < size; offset += blockSize) {
    yield { offset, length: Math.min(blockSize, size - offset) };
  }
}

/** Neighbouring chunks of the set, from `from` on, as blocks of at most `blockSize`. */
export function* chunkBlocks(
  chunks: ChunkSet,
  from: number,
  size: Bytes,
  blockSize: number,
): Generator<Block> {
  const count = chunkCount(size);
  let offset = -1;
  for (let chunk = from / CHUNK; chunk <= count; chunk++) {
    const taken = chunk < count && chunks.has(chunk);
    const at = chunk * CHUNK;
    if (offset >= 0 && (!taken || at - offset >= blockSize)) {
      yield { offset, length: Math.min(at, size) - offset };
      offset = -1;
    }
    if (taken && offset < 0) offset = at;
  }
}

/** What every device can read past the page cache. */
const ALIGNMENT = 4096;

/** The ranges themselves, rounded outwards to what direct I/O takes, in pieces of at most `blockSize`. */
export function* rangeBlocks(
  ranges: RangeSet,
  from: number,
  size: Bytes,
  blockSize: number,
): Generator<Block> {
  let done = from;
  for (const { start, length } of ranges) {
    const end = Math.min(size, Math.ceil((start + length) / ALIGNMENT) * ALIGNMENT);
    let offset = Math.max(done, Math.floor(start / ALIGNMENT) * ALIGNMENT);
    for (; offset < end; offset += blockSize) {
      yield { offset, length: Math.min(blockSize, end - offset) };
    }
    done = Math.max(done, end);
  }
}
