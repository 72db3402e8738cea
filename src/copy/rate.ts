/** A limit on bytes a second that holds over any stretch of time longer than a moment: a token bucket. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { CHUNK } from './chunk.ts';

export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Throws the signal's reason where it is aborted meanwhile. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await sleepFor(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** What may be made up for after a pause: more would be a burst that the limit was to prevent. */
const BURST_MS = 50;

export class RateLimit {
  /** When the bytes that were let through would have passed at exactly the rate. */
  #paidUntil: number;

  /** `rate`: bytes a second. */
  constructor(
    readonly rate: number,
    readonly clock: Clock = CLOCK,
  ) {
    this.#paidUntil = clock.now();
  }

  /** Waits until `count` bytes may pass. Throws the signal's reason where it is aborted meanwhile. */
  async pass(count: number, signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_MS) + (count / this.rate) * 1000;
    const wait = this.#paidUntil - now;
    if (wait > 0) await this.clock.sleep(wait, signal);
  }
}

/** Blocks no larger than what passes in a quarter of a second, so that a slow copy still goes evenly. */
export function blockSizeUnder(rate: number | null, blockSize: number): number {
  if (rate === null) return blockSize;
  const chunks = Math.max(1, Math.floor(rate / 4 / CHUNK));
  return Math.min(blockSize, chunks * CHUNK);
}
