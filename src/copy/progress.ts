/** Progress of a copy: at most ten reports a second, a rate and a time left that do not jump. */
import { type Bytes, bytes, type Seconds, seconds } from '../units.ts';

export type Phase = 'copy' | 'verify';

export interface Progress {
  readonly phase: Phase;
  /** Bytes of the phase that are done, of `total`. */
  readonly done: Bytes;
  readonly total: Bytes;
  readonly read: Bytes;
  readonly written: Bytes;
  /** Bytes of the source that the target held already. */
  readonly skipped: Bytes;
  /** Bytes a second over the last few seconds. */
  readonly rate: number;
  readonly secondsLeft: Seconds | null;
}

const INTERVAL_MS = 100;
/** How much the newest tenth of a second says of the rate: old moments fade over some three seconds. */
const WEIGHT = 0.03;

export interface Step {
  readonly done: number;
  readonly read: number;
  readonly written: number;
}

/** `now` gives milliseconds of a clock that never goes back. */
export class ProgressMeter {
  #phase: Phase = 'copy';
  #total = bytes(0);
  #done = 0;
  #read = 0;
  #written = 0;
  #skipped = 0;
  #lastAt: number;
  #lastDone = 0;
  #rate: number | null = null;

  constructor(
    readonly report: (progress: Progress) => void,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#lastAt = this.now();
  }

  /** Another phase has its own way to go, and its own rate. */
  begin(phase: Phase, total: Bytes): void {
    this.#phase = phase;
    this.#total = total;
    this.#done = 0;
    this.#lastDone = 0;
    this.#lastAt = this.now();
    this.#rate = null;
  }

  add({ done, read, written }: Step): void {
    this.#done += done;
    this.#read += read;
    this.#written += written;
    if (this.#phase === 'copy') this.#skipped += Math.max(0, done - written);
    const elapsed = this.now() - this.#lastAt;
    if (elapsed >= INTERVAL_MS) this.#tell(elapsed);
  }

  /** The last report of a phase, however soon after the one before. */
  end(): void {
    this.report(this.#progress());
  }

  #tell(elapsed: number): void {
    const current = ((this.#done - this.#lastDone) / elapsed) * 1000;
    const weight = 1 - (1 - WEIGHT) ** (elapsed / INTERVAL_MS);
    this.#rate = this.#rate === null ? current : this.#rate + (current - this.#rate) * weight;
    this.#lastAt += elapsed;
    this.#lastDone = this.#done;
    this.report(this.#progress());
  }

  #progress(): Progress {
    const left = Math.max(0, this.#total - this.#done);
    const rate = this.#rate ?? 0;
    return {
      phase: this.#phase,
      done: bytes(this.#done),
      total: this.#total,
      read: bytes(this.#read),
      written: bytes(this.#written),
      skipped: bytes(this.#skipped),
      rate,
      secondsLeft: rate > 0 ? seconds(Math.ceil(left / rate)) : null,
    };
  }
}
