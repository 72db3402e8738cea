/** Reads back what a target holds, past the page cache, before it is called complete. */

import { alignedBuffer } from '../aligned-buffer.ts';
import type { RangeSet } from '../ranges.ts';
import { type Bytes, bytes } from '../units.ts';
import type { BlockDone, BlockTask } from './block.ts';
import { allBlocks, type Block, blocksWithout, bytesIn, chunkBlocks, rangeBlocks } from './blocks.ts';
import { CHUNK, ChunkSet } from './chunk.ts';
import { CopyError } from './copy-error.ts';
import type { EntryBook } from './entry-book.ts';
import { HEAD } from './head.ts';
import type { Lane } from './lanes.ts';
import type { OpenTarget } from './open-end.ts';
import { runPass } from './pass.ts';
import type { ProgressMeter } from './progress.ts';
import type { RateLimit } from './rate.ts';

export type VerifyLevel = 'none' | 'written' | 'full';

/** Whether the target was held against what was digested on the way, or against the source itself. */
export interface Verified {
  readonly level: VerifyLevel;
  readonly against: 'digests' | 'source' | null;
  readonly bytes: Bytes;
}

export interface Verification {
  readonly level: VerifyLevel;
  readonly lanes: readonly Lane[];
  readonly blockSize: number;
  readonly target: OpenTarget;
  readonly size: Bytes;
  readonly signal: AbortSignal;
  readonly rate: RateLimit | null;
  readonly meter: ProgressMeter;
  /** What was written: chunks where there are entries of them, else ranges. */
  readonly written: ChunkSet | RangeSet;
  /** What the source could not give: it cannot be compared there. */
  readonly holes: RangeSet;
  /** Null where there are no entries. */
  readonly book: EntryBook | null;
  readonly onRead: (done: BlockDone) => void;
}

/** All but the first MiB. Throws CopyError with the first place that is not what it should be. */
export async function verifyRest(need: Verification): Promise<Verified> {
  const { level, target, meter } = need;
  if (level === 'none') return { level, against: null, bytes: bytes(0) };
  await target.forget();
  const { against, total, tasks } = way(need);
  meter.begin('verify', total);
  await runPass<BlockTask>({
    ...{ lanes: need.lanes, rate: need.rate, signal: need.signal, tasks: tasks() },
    onDone: (task, done) => {
      need.onRead(done);
      meter.add({ done: task.length, read: done.bytesRead.source + done.bytesRead.target, written: 0 });
      const [wrong] = done.ranges;
      if (wrong) throw wrongAt(target, wrong.start, against);
    },
  });
  meter.end();
  return { level, against, bytes: total };
}

interface Way {
  readonly against: 'digests' | 'source';
  readonly total: Bytes;
  readonly tasks: () => AsyncGenerator<BlockTask>;
}

/** The source itself is the best witness, where it is there in full and all is to be read; else the digests. */
function way(need: Verification): Way {
  const { level, holes, book } = need;
  if (book !== null && (level === 'written' || holes.count > 0)) {
    const total = bytesIn(blocksOf(need));
    return { against: 'digests', total, tasks: () => checks(blocksOf(need), book) };
  }
  const blocks = () => blocksWithout(blocksOf(need), holes);
  return { against: 'source', total: bytesIn(blocks()), tasks: () => comparisons(blocks()) };
}

function blocksOf({ level, written, size, blockSize }: Verification): Generator<Block> {
  if (level === 'full') return allBlocks(HEAD, size, blockSize);
  if (written instanceof ChunkSet) return chunkBlocks(written, HEAD, size, blockSize);
  return rangeBlocks(written, HEAD, size, blockSize);
}

async function* comparisons(blocks: Iterable<Block>): AsyncGenerator<BlockTask> {
  for (const block of blocks) yield { op: 'compare', ...block };
}

async function* checks(blocks: Iterable<Block>, book: EntryBook): AsyncGenerator<BlockTask> {
  for (const { offset, length } of blocks) {
    const known = await book.written(offset / CHUNK, Math.ceil(length / CHUNK));
    yield { op: 'check', offset, length, known };
  }
}

/** The first MiB, after it was written. Throws CopyError. */
export async function verifyHead(target: OpenTarget, data: Buffer): Promise<void> {
  await target.forget();
  const there = alignedBuffer(data.length);
  await target.read(there, 0);
  for (let at = 0; at < data.length; at += CHUNK) {
    if (!there.subarray(at, at + CHUNK).equals(data.subarray(at, at + CHUNK))) {
      throw wrongAt(target, at, 'digests');
    }
  }
}

function wrongAt({ name }: OpenTarget, offset: number, against: Way['against']): CopyError {
  const what =
    against === 'source'
      ? 'it does not hold what the source holds'
      : 'it does not read back as it was written';
  return new CopyError('target', name, offset, what, {
    hint: 'the device or the way to it is not to be trusted; the next run compares everything',
  });
}
