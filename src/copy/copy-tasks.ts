/** What a copy looks at: everything, the chunks that may have changed, or the ranges of a list. */
import type { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import type { Approach } from './approach.ts';
import type { CopyTask } from './block.ts';
import { allBlocks, type Block, bytesIn, chunkBlocks, rangeBlocks } from './blocks.ts';
import { CHUNK, ChunkSet, chunkCount } from './chunk.ts';
import { entryAt, isKnown } from './entry.ts';
import type { EntryBook } from './entry-book.ts';
import { HEAD } from './head.ts';

/** The first MiB is not in it: it is looked at before, and written last. */
export interface Way {
  readonly blocks: (blockSize: number) => Generator<Block>;
  /** How many bytes are looked at. */
  readonly total: Bytes;
  /** What is done with a chunk of which nothing is known. */
  readonly unknown: 'write' | 'look';
}

/** `book` null: there are no entries, and the list is followed to the letter. */
export async function wayOf(size: Bytes, approach: Approach, book: EntryBook | null): Promise<Way> {
  const unknown = approach.mode === 'full' || book === null ? 'write' : 'look';
  const blocks = await blocksOf(size, approach.candidates, book);
  return { blocks, total: bytesIn(blocks(Number.POSITIVE_INFINITY)), unknown };
}

async function blocksOf(
  size: Bytes,
  candidates: RangeSet | null,
  book: EntryBook | null,
): Promise<Way['blocks']> {
  if (candidates === null) return (blockSize) => allBlocks(HEAD, size, blockSize);
  if (book === null) return (blockSize) => rangeBlocks(candidates, HEAD, size, blockSize);
  const chunks = await candidateChunks(candidates, size, book);
  return (blockSize) => chunkBlocks(chunks, HEAD, size, blockSize);
}

/** Chunks of a manifest that are looked through in one go. */
const STRETCH = 4096;

/** Whatever the manifest does not tell is looked at too: it would not be in the next one otherwise. */
async function candidateChunks(candidates: RangeSet, size: Bytes, book: EntryBook): Promise<ChunkSet> {
  const chunks = new ChunkSet(chunkCount(size)).addAround(candidates);
  for (let first = 0; first < chunks.chunks; first += STRETCH) {
    const count = Math.min(STRETCH, chunks.chunks - first);
    const known = await book.known(first, count);
    for (let index = 0; index < count; index++) {
      if (!isKnown(entryAt(known, index))) chunks.add(first + index);
    }
  }
  return chunks;
}

export interface TaskTraits extends Pick<CopyTask, 'leaveZeros' | 'onReadError'> {
  readonly blockSize: number;
  readonly mayWrite: () => boolean;
}

export async function* copyTasks(
  { blocks, unknown }: Way,
  book: EntryBook | null,
  { blockSize, mayWrite, leaveZeros, onReadError }: TaskTraits,
): AsyncGenerator<CopyTask> {
  for (const { offset, length } of blocks(blockSize)) {
    const known = book && (await book.known(offset / CHUNK, Math.ceil(length / CHUNK)));
    const traits = { unknown, leaveZeros, onReadError, mayWrite: mayWrite() };
    yield { op: 'copy', offset, length, known, ...traits };
  }
}
