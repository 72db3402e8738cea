/**
 * The work on one block, on whatever thread: read it, find out what changed, write that.
 *
 * A block is a few neighbouring chunks. What is known of a chunk (its entry) decides without reading the target; where
 * nothing is known the task says whether to write without a look or to look first.
 */

import { alignedBuffer } from '../aligned-buffer.ts';
import type { ByteRange } from '../ranges.ts';
import { bytes } from '../units.ts';
import { CHUNK } from './chunk.ts';
import type { Source, Target } from './endpoint.ts';
import { type Entries, type EntryMaker, entryAt, isKnown, isZero, noEntries } from './entry.ts';
import { readOrSalvage } from './salvage.ts';

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Brings the block of the target to what it is on the source. */
export interface CopyTask extends Place {
  readonly op: 'copy';
  /** Of each chunk of the block; null where the block is not cut at chunks, and gets no entries. */
  readonly known: Entries | null;
  /** What is done with a chunk of which nothing is known. */
  readonly unknown: 'write' | 'look';
  /** Where not, a block that would be written comes back as `held`, and nothing was done. */
  readonly mayWrite: boolean;
  /** Whether zeros are left out: only where the target is known to read zero there. */
  readonly leaveZeros: boolean;
  readonly onReadError: 'stop' | 'skip';
}

/** Reads the target alone, and holds it against entries: unknown ones are passed over. */
export interface CheckTask extends Place {
  readonly op: 'check';
  readonly known: Entries;
}

/** Reads both. */
export interface CompareTask extends Place {
  readonly op: 'compare';
}

/** Reads the source alone and digests it; what it cannot give is told, and counts as zero. */
export interface DigestTask extends Place {
  readonly op: 'digest';
}

export type BlockTask = CopyTask | CheckTask | CompareTask | DigestTask;

export interface BlockDone {
  readonly held: boolean;
  /** Of the source's chunks; null where there are none to give. */
  readonly entries: Entries | null;
  readonly bytesRead: { readonly source: number; readonly target: number };
  /** What was written; for check and compare what differs. */
  readonly ranges: readonly ByteRange[];
  /** Zeros that were neither written nor had to be. */
  readonly leftZero: number;
  /** What the source could not give, and is zero on the target. */
  readonly unreadable: readonly ByteRange[];
}

export interface Ends {
  readonly source: Source;
  readonly target: Target;
}

/** One at a time: it has one buffer for each side. */
export class BlockWorker {
  readonly #source: Buffer;
  readonly #target: Buffer;

  constructor(
    readonly ends: Ends,
    readonly maker: EntryMaker,
    blockSize: number,
  ) {
    this.#source = alignedBuffer(blockSize);
    this.#target = alignedBuffer(blockSize);
  }

  /** Throws CopyError. */
  async run(task: BlockTask): Promise<BlockDone> {
    switch (task.op) {
      case 'copy':
        return this.#copy(task);
      case 'check':
        return this.#check(task);
      case 'compare':
        return this.#compare(task);
      case 'digest':
        return this.#digest(task);
    }
  }

  async #copy(task: CopyTask): Promise<BlockDone> {
    const { offset, length } = task;
    const source = this.#source.subarray(0, length);
    const unreadable = await readOrSalvage(this.ends.source, source, offset, task.onReadError);
    const look = task.unknown === 'look' && hasUnknown(task);
    const target = this.#target.subarray(0, length);
    if (look) await this.ends.target.read(target, offset);

    const entries = task.known && noEntries(Math.ceil(length / CHUNK));
    const runs = new Runs(offset);
    let leftZero = 0;
    for (const { at, piece, index } of pieces(source)) {
      const known = task.known ? entryAt(task.known, index) : null;
      const zero = isZero(piece);
      if (known && isKnown(known) && this.maker.matches(known, piece, zero)) {
        if (entries) known.copy(entryAt(entries, index));
        continue;
      }
      if (entries) this.maker.entry(piece, zero).copy(entryAt(entries, index));
      const isUnknown = known === null || !isKnown(known);
      if (look && isUnknown && piece.equals(target.subarray(at, at + piece.length))) continue;
      if (zero && task.leaveZeros) leftZero += piece.length;
      else runs.add(at, piece.length);
    }
    const bytesRead = { source: length, target: look ? length : 0 };
    if (runs.list.length > 0 && !task.mayWrite) return { ...NOTHING_DONE, bytesRead, held: true };
    for (const { start, length: count } of runs.list) {
      const at = start - offset;
      await this.ends.target.write(source.subarray(at, at + count), start);
    }
    return { held: false, entries, bytesRead, ranges: runs.list, leftZero, unreadable };
  }

  async #check({ offset, length, known }: CheckTask): Promise<BlockDone> {
    const target = this.#target.subarray(0, length);
    await this.ends.target.read(target, offset);
    const runs = new Runs(offset);
    for (const { at, piece, index } of pieces(target)) {
      const entry = entryAt(known, index);
      if (isKnown(entry) && !this.maker.matches(entry, piece)) runs.add(at, piece.length);
    }
    return { ...NOTHING_DONE, bytesRead: { source: 0, target: length }, ranges: runs.list };
  }

  async #digest({ offset, length }: DigestTask): Promise<BlockDone> {
    const source = this.#source.subarray(0, length);
    const unreadable = await readOrSalvage(this.ends.source, source, offset, 'skip');
    const entries = noEntries(Math.ceil(length / CHUNK));
    for (const { piece, index } of pieces(source)) {
      this.maker.entry(piece, isZero(piece)).copy(entryAt(entries, index));
    }
    return { ...NOTHING_DONE, entries, unreadable, bytesRead: { source: length, target: 0 } };
  }

  async #compare({ offset, length }: CompareTask): Promise<BlockDone> {
    const source = this.#source.subarray(0, length);
    const target = this.#target.subarray(0, length);
    await Promise.all([this.ends.source.read(source, offset), this.ends.target.read(target, offset)]);
    const runs = new Runs(offset);
    for (const { at, piece } of pieces(source)) {
      if (!piece.equals(target.subarray(at, at + piece.length))) runs.add(at, piece.length);
    }
    return { ...NOTHING_DONE, bytesRead: { source: length, target: length }, ranges: runs.list };
  }
}

const NOTHING_DONE: BlockDone = {
  held: false,
  entries: null,
  bytesRead: { source: 0, target: 0 },
  ranges: [],
  leftZero: 0,
  unreadable: [],
};

function hasUnknown({ known, length }: CopyTask): boolean {
  if (!known) return true;
  const count = Math.ceil(length / CHUNK);
  for (let index = 0; index < count; index++) if (!isKnown(entryAt(known, index))) return true;
  return false;
}

function* pieces(data: Buffer): Generator<{ at: number; piece: Buffer; index: number }> {
  for (let at = 0, index = 0; at < data.length; at += CHUNK, index++) {
    yield { at, piece: data.subarray(at, at + CHUNK), index };
  }
}

/** Neighbours become one range, and one write. */
class Runs {
  readonly list: ByteRange[] = [];

  constructor(readonly offset: number) {}

  add(at: number, length: number): void {
    const start = this.offset + at;
    const last = this.list.at(-1);
    if (last && last.start + last.length === start) {
      this.list[this.list.length - 1] = { start: last.start, length: bytes(last.length + length) };
    } else {
      this.list.push({ start: bytes(start), length: bytes(length) });
    }
  }
}
