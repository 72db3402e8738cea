import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { blockSizeUnder, CLOCK, RateLimit } from '../../src/copy/rate.ts';
import { KiB, MiB } from '../../src/units.ts';
import { VirtualClock } from './virtual-clock.ts';

const GO_ON = new AbortController().signal;

interface Passed {
  readonly at: number;
  readonly count: number;
}

/** Each lane passes its blocks one after the other, with pauses between them. */
async function pass(rate: number, lanes: readonly (readonly { count: number; pause: number }[])[]) {
  const clock = new VirtualClock();
  const limit = new RateLimit(rate, clock);
  const passed: Passed[] = [];
  const work = lanes.map(async (blocks) => {
    for (const { count, pause } of blocks) {
      await limit.pass(count, GO_ON);
      passed.push({ at: clock.now(), count });
      if (pause > 0) await clock.sleep(pause);
    }
  });
  await clock.run(Promise.all(work));
  return passed;
}

/** The most bytes that passed in any second, and the largest block. */
function busiest(passed: readonly Passed[]): { most: number; largest: number } {
  let [most, first, sum] = [0, 0, 0];
  for (const { at, count } of passed) {
    sum += count;
    while ((passed[first]?.at ?? 0) <= at - 1000) sum -= passed[first++]?.count ?? 0;
    most = Math.max(most, sum);
  }
  return { most, largest: Math.max(...passed.map(({ count }) => count)) };
}

describe('a limit on the rate', () => {
  const block = (rate: number) =>
    fc.record({
      count: fc.integer({ min: 512, max: Math.ceil(rate / 4) }),
      pause: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3000) }),
    });
  const rates = fc.constantFrom(64 * KiB, MiB, 50 * MiB, 3_333_333);

  test('holds within 5 % and a block over any second, whatever the blocks, the pauses and the lanes', async () => {
    const cases = rates.chain((rate) =>
      fc.tuple(
        fc.constant(rate),
        fc.array(fc.array(block(rate), { maxLength: 60 }), { minLength: 1, maxLength: 4 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([rate, lanes]) => {
        fc.pre(lanes.flat().length > 0);
        const { most, largest } = busiest(await pass(rate, lanes));
        expect(most).toBeLessThanOrEqual(rate * 1.05 + largest + 1);
      }),
      { numRuns: 150 },
    );
  });

  test.each([MiB / 16, MiB / 4, 333_333])(
    'is used in full where nobody pauses, with blocks of %i',
    async (count) => {
      const lane = Array.from({ length: 50 }, () => ({ count, pause: 0 }));
      const passed = await pass(MiB, [lane, lane]);
      const seconds = (passed.at(-1)?.at ?? 0) / 1000;
      const rate = (passed.length * count) / seconds;
      expect(rate).toBeGreaterThan(0.95 * MiB);
      expect(rate).toBeLessThan(1.05 * MiB);
    },
  );

  test('makes up for a moment in which the disk was busy, and not for longer ones', async () => {
    const count = MiB / 100;
    const busy = (pause: number) => Array.from({ length: 300 }, () => ({ count, pause }));
    const time = async (pause: number) => (await pass(MiB, [busy(pause)])).at(-1)?.at ?? 0;
    // Each block takes 10 ms of the rate; whatever else a block takes up to that costs nothing.
    expect(await time(8)).toBeLessThan(1.05 * (await time(0)));
    expect(await time(20)).toBeGreaterThan(1.5 * (await time(0)));
  });

  test('ends a wait when the signal comes, with its reason', async () => {
    const stop = new AbortController();
    const limit = new RateLimit(1);
    const wait = limit.pass(1000, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(wait).rejects.toThrow('stopped');
    await expect(CLOCK.sleep(1, stop.signal)).rejects.toThrow('stopped');
  });
});

test.each([
  [null, 4 * MiB, 4 * MiB],
  [100 * MiB, 4 * MiB, 4 * MiB],
  [4 * MiB, 4 * MiB, MiB],
  [3 * MiB + 5, 4 * MiB, 3 * CHUNK],
  [MiB, MiB, CHUNK],
  [1, MiB, CHUNK],
])('under a rate of %s a block of %i bytes has %i', (rate, blockSize, expected) => {
  expect(blockSizeUnder(rate, blockSize)).toBe(expected);
});
