/** Ends in memory: the target has a cache that is lost when the machine stops, and can be made to fail or to stop. */
import type { OpenSource, OpenTarget } from '../../src/copy/open-end.ts';
import { type Bytes, bytes } from '../../src/units.ts';

const DEVICE = { kind: 'device', rotational: false } as const;

export class MemorySource {
  constructor(public content: Buffer) {}

  open(): OpenSource {
    const size = bytes(this.content.length);
    return {
      ...{ name: 'memory-source', size, device: { ...DEVICE, size, identity: 'memory source' } },
      end: { side: 'source', name: 'memory-source', size, direct: null, plain: -1 },
      read: async (buffer, offset) => {
        this.content.copy(buffer, 0, offset, offset + buffer.length);
      },
      forget: async () => {},
      close: async () => {},
    };
  }
}

/** The machine stopped. */
export class PowerCut extends Error {}

const PIECE = 4096;

export class MemoryTarget {
  /** What programs read. */
  seen: Buffer;
  /** What is on stable storage. */
  #stable: Buffer;
  readonly #dirty = new Set<number>();
  readonly diary: string[] = [];
  /** After so many operations more the machine stops. */
  cutAfter = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(content: Buffer) {
    this.seen = Buffer.from(content);
    this.#stable = Buffer.from(content);
  }

  /** Of what was not flushed, `survives` decides piece by piece. */
  restart(survives: () => boolean): void {
    this.#stopped = false;
    for (const piece of this.#dirty) {
      if (!survives()) continue;
      const at = piece * PIECE;
      this.seen.copy(this.#stable, at, at, at + PIECE);
    }
    this.#dirty.clear();
    this.seen = Buffer.from(this.#stable);
    this.cutAfter = Number.POSITIVE_INFINITY;
  }

  /** The program was killed and the machine went on: what was not flushed is still in the cache. */
  startAgain(): void {
    this.#stopped = false;
    this.cutAfter = Number.POSITIVE_INFINITY;
  }

  /** What it holds stays, and zeros come after it. */
  grow(size: Bytes): void {
    const more = Buffer.alloc(size - this.seen.length);
    this.seen = Buffer.concat([this.seen, more]);
    this.#stable = Buffer.concat([this.#stable, more]);
  }

  open(): OpenTarget {
    const size = bytes(this.seen.length);
    return {
      ...{ name: 'memory-target', size, device: { ...DEVICE, size, identity: 'memory target' } },
      end: { side: 'target', name: 'memory-target', size, direct: null, plain: -1 },
      read: async (buffer, offset) => {
        this.#operation();
        this.seen.copy(buffer, 0, offset, offset + buffer.length);
      },
      write: async (buffer, offset) => this.#write(buffer, offset),
      flush: async () => {
        this.#operation();
        this.diary.push('flush');
        this.seen.copy(this.#stable);
        this.#dirty.clear();
      },
      changed: async () => null,
      forget: async () => {},
      close: async () => {},
    };
  }

  /** A machine that stops in the middle of a write has written a part of it. */
  #write(buffer: Buffer, offset: number): void {
    if (this.#stopped) this.#operation();
    const zero = buffer.every((byte) => byte === 0);
    this.diary.push(`${zero ? 'zero' : 'data'} ${offset}+${buffer.length}`);
    const part = this.cutAfter < 1 ? Math.floor(buffer.length / 2) : buffer.length;
    buffer.copy(this.seen, offset, 0, part);
    for (let at = offset; at < offset + part; at += PIECE) this.#dirty.add(Math.floor(at / PIECE));
    this.#operation();
  }

  #operation(): void {
    if (this.#stopped || this.cutAfter < 1) {
      this.#stopped = true;
      throw new PowerCut('the machine stopped');
    }
    this.cutAfter--;
  }
}
