/** COW stores as dm-snapshot writes them, made by these tests: the header and the areas of the table, no data. */
import type { CowStore } from '../../src/lvm/cow-table.ts';
import { bytes } from '../../src/units.ts';

export interface StoreOptions {
  /** In bytes. */
  readonly chunk?: number;
  /** Chunks of the origin, in the order in which their exceptions were written. */
  readonly olds: readonly number[];
  /** Bytes; default: as large as these need, and one chunk. */
  readonly size?: number;
}

export class MadeStore implements CowStore {
  readonly chunk: number;
  readonly perArea: number;
  readonly size: CowStore['size'];
  /** By offset. */
  readonly #chunks = new Map<number, Buffer>();
  /** Offsets, in the order of the reads. */
  readonly reads: number[] = [];

  constructor({ chunk = 4096, olds, size }: StoreOptions) {
    this.chunk = chunk;
    this.perArea = chunk / 16;
    const header = this.at(0);
    header.write('SnAp', 'latin1');
    [1, 1, chunk / 512].forEach((word, index) => {
      header.writeUInt32LE(word, 4 + 4 * index);
    });
    this.at(this.areaOffset(0));
    let free = 2;
    olds.forEach((old, index) => {
      this.setException(index, old, free);
      free += (free + 1) % (this.perArea + 1) === 1 ? 2 : 1;
    });
    // The area after a full one is written before that is.
    const last = this.areaOffset(Math.floor(olds.length / this.perArea)) / chunk;
    this.size = bytes(size ?? (Math.max(free, last) + 1) * chunk);
  }

  areaOffset(area: number): number {
    return (1 + area * (this.perArea + 1)) * this.chunk;
  }

  /** What the kernel says that header and areas take. */
  get metadata() {
    return bytes(this.#chunks.size * this.chunk);
  }

  setException(index: number, old: number | bigint, stored: number | bigint): void {
    const area = this.at(this.areaOffset(Math.floor(index / this.perArea)));
    const place = (index % this.perArea) * 16;
    area.writeBigUInt64LE(BigInt(old), place);
    area.writeBigUInt64LE(BigInt(stored), place + 8);
    if ((index + 1) % this.perArea === 0) this.at(this.areaOffset((index + 1) / this.perArea));
  }

  setHeader(word: 'magic' | 'valid' | 'version' | 'chunk', value: number): void {
    this.at(0).writeUInt32LE(value, ['magic', 'valid', 'version', 'chunk'].indexOf(word) * 4);
  }

  /** The chunk itself, zeros where there is none yet. */
  at(offset: number): Buffer {
    const chunk = this.#chunks.get(offset) ?? Buffer.alloc(this.chunk);
    this.#chunks.set(offset, chunk);
    return chunk;
  }

  async read(length: number, offset: number): Promise<Buffer> {
    this.reads.push(offset);
    const chunk = this.#chunks.get(offset);
    if (!chunk || offset + length > this.size) throw new Error(`nothing was written at ${offset}`);
    return Buffer.from(chunk.subarray(0, length));
  }
}
