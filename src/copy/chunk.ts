/** Chunks: the unit in which volumes are digested, compared and remembered. */
import { type Bytes, bytes, KiB } from '../units.ts';

/** Fixed by the `lvmbackup.digest` tag, which names it: `sha256-256KiB:…`. */
export const CHUNK = 256 * KiB;

/** How many chunks `size` bytes have; the last one may be shorter. */
export function chunkCount(size: Bytes): number {
  return Math.ceil(size / CHUNK);
}

/** The chunks that a range touches: the first, and the one after the last. */
export function chunksAround(start: number, length: number): { first: number; end: number } {
  return { first: Math.floor(start / CHUNK), end: Math.ceil((start + length) / CHUNK) };
}

/** A set of chunks, one bit each: 512 KiB for a TiB. */
export class ChunkSet {
  readonly #bits: Uint8Array;
  #size = 0;

  constructor(readonly chunks: number) {
    this.#bits = new Uint8Array(Math.ceil(chunks / 8));
  }

  get size(): number {
    return this.#size;
  }

  has(chunk: number): boolean {
    return ((this.#bits[Math.floor(chunk / 8)] ?? 0) & (1 << (chunk & 7))) !== 0;
  }

  add(chunk: number): void {
    if (this.has(chunk)) return;
    // Not by a shift: that would take the number of the chunk for one of 32 bits.
    const at = Math.floor(chunk / 8);
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (chunk & 7));
    this.#size++;
  }

  /** Every chunk that one of the ranges touches; what lies beyond the last chunk is left out. */
  addAround(ranges: Iterable<{ readonly start: Bytes; readonly length: Bytes }>): this {
    for (const { start, length } of ranges) {
      const { first, end } = chunksAround(start, length);
      for (let chunk = first; chunk < Math.min(end, this.chunks); chunk++) this.add(chunk);
    }
    return this;
  }
}

/** The bytes of a device of `size` bytes from chunk `first` up to chunk `end`, without the latter. */
export function rangeOf(first: number, end: number, size: Bytes): { start: Bytes; length: Bytes } {
  const start = first * CHUNK;
  return { start: bytes(start), length: bytes(Math.min(end * CHUNK, size) - start) };
}
