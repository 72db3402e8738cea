/**
 * The table of a persistent COW store, as the kernel's dm-snapshot keeps it (`drivers/md/dm-snap-persistent.c`): which
 * chunks of the origin were overwritten since the snapshot was taken.
 *
 * Chunk 0 is a header. From chunk 1 on, areas follow: one chunk of 16-byte exceptions (the origin's chunk, the store's
 * chunk that holds what was there), then the chunks that these speak of. The first exception without a chunk of the
 * store ends the table. The kernel appends to it, and zeroes the next area before one is full.
 */

import type { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { Candidates, NoList, type Span } from './change-list.ts';

export interface CowStore {
  readonly size: Bytes;
  /** Gives `length` bytes from `offset` on; they need only be there until the next call. */
  read(length: number, offset: number): Promise<Buffer>;
}

const MAGIC = 0x70416e53;
const VERSION = 1;
const SECTOR = 512;
const EXCEPTION = 16;
/** What lvcreate allows. */
const SMALLEST_CHUNK = 4096;
const LARGEST_CHUNK = 512 * 1024;

/**
 * What was overwritten, in bytes of the origin. `metadata`: how many bytes of the store the kernel said that the header
 * and the areas took, before this was called; a table of fewer is not the whole of it. Throws NoList, and what
 * `store.read` throws.
 */
export async function readCowTable(store: CowStore, span: Span, metadata: Bytes): Promise<RangeSet> {
  const table = new Table(store, chunkSizeOf(await store.read(SMALLEST_CHUNK, 0)), span);
  while (await table.readArea());
  return table.finish(metadata);
}

function chunkSizeOf(header: Buffer): number {
  const [magic, valid, version, sectors] = [0, 4, 8, 12].map((offset) => header.readUInt32LE(offset));
  if (magic !== MAGIC) throw new NoList('not-a-store', 'its store has no header of a snapshot');
  if (version !== VERSION) throw new NoList('version', `its store is of version ${version}, not ${VERSION}`);
  if (valid !== 1) throw new NoList('not-valid', 'its store is marked as not valid: it has overflown');
  const size = (sectors ?? 0) * SECTOR;
  if (size < SMALLEST_CHUNK || size > LARGEST_CHUNK || !Number.isInteger(Math.log2(size))) {
    throw new NoList('chunk-size', `its store has chunks of ${size} bytes, which LVM does not make`);
  }
  return size;
}

/** How often an area is read that is written at the same moment. */
const ATTEMPTS = 5;

class Table {
  readonly #candidates: Candidates;
  /** Exceptions in an area. */
  readonly #perArea: number;
  readonly #originChunks: number;
  readonly #storeChunks: number;
  #areas = 0;

  constructor(
    readonly store: CowStore,
    readonly chunk: number,
    span: Span,
  ) {
    this.#candidates = new Candidates(span);
    this.#perArea = chunk / EXCEPTION;
    this.#originChunks = Math.ceil(span.size / chunk);
    this.#storeChunks = Math.floor(store.size / chunk);
  }

  /** False: it was the last. */
  async readArea(): Promise<boolean> {
    const place = 1 + this.#areas * (this.#perArea + 1);
    if (place >= this.#storeChunks)
      throw new NoList('too-short', 'its table goes on beyond the end of its store');
    const { area, used } = await this.#steady(place * this.chunk);
    for (let index = 0; index < used; index++) {
      this.#take(wordAt(area, index * EXCEPTION), wordAt(area, index * EXCEPTION + 8));
    }
    this.#areas++;
    return used === this.#perArea;
  }

  finish(metadata: Bytes): RangeSet {
    const read = (1 + this.#areas) * this.chunk;
    if (read < metadata) {
      throw new NoList(
        'too-short',
        `its table ends after ${read} bytes, and the kernel has written ${metadata}`,
      );
    }
    if (this.#candidates.overlap) throw new NoList('duplicate', 'its table names a chunk twice');
    return this.#candidates.finish();
  }

  /** An area and how many exceptions it has. A read amid a write may see the later half of it alone: then again. */
  async #steady(offset: number): Promise<{ area: Buffer; used: number }> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const area = await this.store.read(this.chunk, offset);
      const used = usedIn(area);
      if (area.subarray(used * EXCEPTION).every((byte) => byte === 0)) return { area, used };
    }
    throw new NoList('unsteady', `its table ends at byte ${offset} of its store, and goes on after its end`);
  }

  #take(old: number, stored: number): void {
    if (old >= this.#originChunks)
      throw new NoList('old-chunk', `its table names chunk ${old} of ${this.#originChunks}`);
    const isData = stored >= 2 && stored % (this.#perArea + 1) !== 1 && stored < this.#storeChunks;
    if (!isData)
      throw new NoList('new-chunk', `its table keeps chunk ${old} at ${stored}, which is no place for data`);
    this.#candidates.add(old * this.chunk, this.chunk);
  }
}

/** How many exceptions stand before the end of the table. */
function usedIn(area: Buffer): number {
  let used = 0;
  while (used * EXCEPTION < area.length && wordAt(area, used * EXCEPTION + 8) !== 0) used++;
  return used;
}

/** 64 bits. Beyond 2^53 it is not exact, and far beyond any chunk that there is. */
function wordAt(area: Buffer, offset: number): number {
  return area.readUInt32LE(offset + 4) * 2 ** 32 + area.readUInt32LE(offset);
}
