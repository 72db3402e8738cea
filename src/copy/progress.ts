/** Progress of a copy: at most ten reports a second, a rate that does not jump. */
import { type Bytes, bytes, type Seconds, seconds } from '../units.ts';

export interface Progress {
  readonly done: Bytes;
  readonly total: Bytes;
  /** Bytes a second over the last few seconds. */
  readonly rate: number;
  readonly secondsLeft: Seconds | null;
}

const INTERVAL_MS = 100;
/** How much the newest tenth of a second says of the rate: old moments fade over some three seconds. */
const WEIGHT = 0.03;

/** `now` gives milliseconds of a clock that never goes back. */
export function progressMeter(total: Bytes, now: () => number, report: (progress: Progress) => void) {
  let done = 0;
  let lastAt = now();
  let lastDone = 0;
  let rate: number | null = null;

  const tell = () =>
    report({
      done: bytes(done),
      total,
      rate: rate ?? 0,
      secondsLeft: rate === null || rate <= 0 ? null : seconds(Math.ceil((total - done) / rate)),
    });

  return {
    add(count: number): void {
      done += count;
      const at = now();
      const elapsed = at - lastAt;
      if (elapsed < INTERVAL_MS) return;
      const current = ((done - lastDone) / elapsed) * 1000;
      const weight = 1 - (1 - WEIGHT) ** (elapsed / INTERVAL_MS);
      rate = rate === null ? current : rate + (current - rate) * weight;
      lastAt = at;
      lastDone = done;
      tell();
    },
    end: tell,
  };
}
