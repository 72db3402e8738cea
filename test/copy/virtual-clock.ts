/** Time that passes only when everyone waits for it. */
import type { Clock } from '../../src/copy/rate.ts';

export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + milliseconds, wake });
    });
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = work.finally(() => {
      isDone = true;
    });
    end.catch(() => {});
    while (!isDone) {
      // Whatever can go on without time has gone on then.
      await new Promise((resolve) => setImmediate(resolve));
      this.#wakeNext();
    }
    return end;
  }

  #wakeNext(): void {
    this.#sleepers.sort((a, b) => a.at - b.at);
    const next = this.#sleepers.shift();
    if (!next) return;
    this.#now = next.at;
    next.wake();
  }
}
