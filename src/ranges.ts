/**
 * Ranges of bytes, sorted and merged, in little memory however many there are: what a list of changes names.
 *
 * Such a list may always name more than it must. So where it grows beyond its limit, its ranges are rounded outwards
 * to coarser steps until they are few again: nothing that was added is ever lost.
 */
import { type Bytes, bytes } from './units.ts';

export interface ByteRange {
  readonly start: Bytes;
  readonly length: Bytes;
}

/** 64 bytes a range while they are sorted: some 64 MiB. */
const MOST = 1_000_000;
const FIRST_STEP = 4096;

export class RangeSet implements Iterable<ByteRange> {
  #starts = new Float64Array(1024);
  #ends = new Float64Array(1024);
  #count = 0;
  #sorted = true;
  #step = 1;

  /** `most`: how many ranges it may hold, at least two. */
  constructor(readonly most: number = MOST) {
    if (!(most >= 2)) throw new RangeError('a set of ranges holds at least two');
  }

  /** A range of no bytes adds nothing. Throws RangeError where an edge is no place in a device. */
  add(start: number, length: number): void {
    const end = start + length;
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || length < 0) {
      throw new RangeError(`no range of bytes: ${length} from ${start} on`);
    }
    if (length === 0) return;
    if (this.#count > 0 && this.#extendsLast(start, end)) return;
    this.#push(start, end);
  }

  /** How many ranges there are. */
  get count(): number {
    this.#settle();
    return this.#count;
  }

  /** How many bytes they cover. */
  get total(): Bytes {
    this.#settle();
    let total = 0;
    for (let index = 0; index < this.#count; index++) total += this.#end(index) - this.#start(index);
    return bytes(total);
  }

  /** In order of their starts, no two of them touching. */
  *[Symbol.iterator](): Generator<ByteRange> {
    this.#settle();
    for (let index = 0; index < this.#count; index++) {
      const start = this.#start(index);
      yield { start: bytes(start), length: bytes(this.#end(index) - start) };
    }
  }

  #start(index: number): number {
    return this.#starts[index] ?? 0;
  }

  #end(index: number): number {
    return this.#ends[index] ?? 0;
  }

  /** Lists mostly come in order, and neighbours one after the other. */
  #extendsLast(start: number, end: number): boolean {
    const last = this.#count - 1;
    if (start < this.#start(last) || start > this.#end(last)) return false;
    this.#ends[last] = Math.max(this.#end(last), end);
    return true;
  }

  #push(start: number, end: number): void {
    if (this.#count >= this.most) this.#coarsen();
    if (this.#count >= this.#starts.length) this.#grow();
    if (this.#count > 0 && start < this.#start(this.#count - 1)) this.#sorted = false;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  #grow(): void {
    const size = this.#starts.length * 2;
    const larger = (from: Float64Array) => {
      const to = new Float64Array(size);
      to.set(from);
      return to;
    };
    this.#starts = larger(this.#starts);
    this.#ends = larger(this.#ends);
  }

  /** Leaves room for as many again. */
  #coarsen(): void {
    this.#settle();
    while (this.#count > this.most / 2) {
      this.#step = Math.max(FIRST_STEP, this.#step * 2);
      for (let index = 0; index < this.#count; index++) {
        this.#starts[index] = Math.floor(this.#start(index) / this.#step) * this.#step;
        this.#ends[index] = Math.ceil(this.#end(index) / this.#step) * this.#step;
      }
      this.#merge();
    }
  }

  #settle(): void {
    if (!this.#sorted) this.#sort();
    this.#merge();
  }

  #sort(): void {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index);
    order.sort((a, b) => this.#start(a) - this.#start(b));
    this.#starts = Float64Array.from(order, (index) => this.#start(index));
    this.#ends = Float64Array.from(order, (index) => this.#end(index));
    this.#sorted = true;
  }

  /** Those that touch become one. */
  #merge(): void {
    let kept = -1;
    for (let index = 0; index < this.#count; index++) {
      if (kept >= 0 && this.#start(index) <= this.#end(kept)) {
        this.#ends[kept] = Math.max(this.#end(kept), this.#end(index));
        continue;
      }
      kept++;
      this.#starts[kept] = this.#start(index);
      this.#ends[kept] = this.#end(index);
    }
    this.#count = kept + 1;
  }
}
