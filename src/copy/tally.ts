/** What a copy has done so far. */
import { type ByteRange, RangeSet } from '../ranges.ts';
import { type Bytes, bytes } from '../units.ts';
import type { ChunkSet } from './chunk.ts';
import type { CopyResult } from './copy.ts';

export class Tally {
  readonly unreadable = new RangeSet();
  /** What was written: chunks, or ranges where nothing is cut at chunks. */
  readonly written: ChunkSet | RangeSet;
  readonly #started = performance.now();
  #source = 0;
  #target = 0;
  /** Of the source's content. */
  #content = 0;
  #zeroed = 0;

  constructor(
    readonly size: Bytes,
    chunks: ChunkSet | null,
  ) {
    this.written = chunks ?? new RangeSet();
  }

  read({ source, target }: { readonly source: number; readonly target: number }): void {
    this.#source += source;
    this.#target += target;
  }

  /** Returns how many bytes that were. */
  wrote(ranges: readonly ByteRange[]): number {
    const count = ranges.reduce((sum, { length }) => sum + length, 0);
    this.#content += count;
    if (this.written instanceof RangeSet) {
      for (const { start, length } of ranges) this.written.add(start, length);
    } else {
      this.written.addAround(ranges);
    }
    return count;
  }

  /** Zeros that are not of the source. */
  zeroed(count: number): void {
    this.#zeroed += count;
  }

  lost(ranges: readonly ByteRange[]): void {
    for (const { start, length } of ranges) this.unreadable.add(start, length);
  }

  result(): Pick<CopyResult, 'bytesRead' | 'bytesWritten' | 'bytesSkipped' | 'unreadable' | 'seconds'> {
    return {
      bytesRead: { source: bytes(this.#source), target: bytes(this.#target) },
      bytesWritten: bytes(this.#content + this.#zeroed),
      bytesSkipped: bytes(Math.max(0, this.size - this.#content)),
      unreadable: [...this.unreadable],
      seconds: (performance.now() - this.#started) / 1000,
    };
  }
}
