import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Progress, ProgressMeter } from '../../src/copy/progress.ts';
import { bytes, GiB, MiB } from '../../src/units.ts';

interface Report extends Progress {
  readonly at: number;
}

/** Blocks, and the milliseconds that each of them took. */
function reports(
  steps: readonly { took: number; length: number; written?: number }[],
  total?: number,
): Report[] {
  let now = 5_000;
  const seen: Report[] = [];
  const meter = new ProgressMeter(
    (progress) => seen.push({ ...progress, at: now }),
    () => now,
  );
  meter.begin('copy', bytes(total ?? steps.reduce((sum, { length }) => sum + length, 0)));
  for (const { took, length, written = 0 } of steps) {
    now += took;
    meter.add({ done: length, read: length, written });
  }
  meter.end();
  return seen;
}

const step = fc.record({
  took: fc.oneof(fc.double({ min: 0, max: 30, noNaN: true }), fc.double({ min: 0, max: 3000, noNaN: true })),
  length: fc.integer({ min: 1, max: 4 * MiB }),
});

test('there are at most ten reports in any second, beside the last one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const seen = reports(steps).slice(0, -1);
      for (const [index, { at }] of seen.entries()) {
        expect((seen[index + 10]?.at ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThanOrEqual(999.999);
      }
    }),
  );
});

test('what is done never goes back, is done at the end, and adds up', () => {
  const block = step.chain((one) =>
    fc.record({ ...map(one), written: fc.integer({ min: 0, max: one.length }) }),
  );
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 200 }), (steps) => {
      const seen = reports(steps);
      for (const [index, report] of seen.entries()) {
        expect(report.done).toBeGreaterThanOrEqual(seen[index - 1]?.done ?? 0);
        expect(report.written + report.skipped).toBe(report.done);
        expect(report.read).toBe(report.done);
      }
      expect(seen.at(-1)?.done).toBe(seen.at(-1)?.total);
      expect(seen.at(-1)?.written).toBe(steps.reduce((sum, { written }) => sum + written, 0));
    }),
  );
});

function map({ took, length }: { took: number; length: number }) {
  return { took: fc.constant(took), length: fc.constant(length) };
}

describe('the time left', () => {
  /** After the first three seconds. */
  const settled = (seen: readonly Report[]) => seen.slice(0, -1).filter(({ at }) => at > 8_000);

  test('is right where the rate is even', () => {
    const steps = Array.from({ length: 2000 }, () => ({ took: 10, length: MiB }));
    for (const { at, rate, secondsLeft } of reports(steps).slice(0, -1)) {
      expect(rate).toBeCloseTo(100 * MiB, -3);
      expect(Math.abs((secondsLeft ?? 0) - (25_000 - at) / 1000)).toBeLessThanOrEqual(1);
    }
  });

  test('does not jump where blocks come in bursts', () => {
    // A cache takes 30 blocks at once, then the disk is busy for a while.
    const steps = Array.from({ length: 3000 }, (_, index) => ({
      took: index % 30 === 0 ? 290 : 1,
      length: MiB,
    }));
    const seen = settled(reports(steps, 100 * GiB));
    expect(seen.length).toBeGreaterThan(50);
    for (const [index, { secondsLeft }] of seen.entries()) {
      const before = seen[index - 1]?.secondsLeft ?? secondsLeft ?? 0;
      expect(Math.abs((secondsLeft ?? 0) - before)).toBeLessThan(0.12 * before);
    }
  });

  test('follows a rate that stays another one within ten seconds', () => {
    const fast = Array.from({ length: 1000 }, () => ({ took: 10, length: MiB }));
    const slow = Array.from({ length: 100 }, () => ({ took: 100, length: MiB }));
    const last = reports([...fast, ...slow], 100 * GiB).at(-1);
    expect(last?.rate).toBeGreaterThan(10 * MiB);
    expect(last?.rate).toBeLessThan(15 * MiB);
  });

  test('is not told before there is a rate', () => {
    expect(reports([{ took: 1, length: 5 }], 50)).toMatchObject([{ done: 5, rate: 0, secondsLeft: null }]);
  });
});

test('another phase begins at nothing, and what was read and written goes on', () => {
  let now = 0;
  const seen: Progress[] = [];
  const meter = new ProgressMeter(
    (progress) => seen.push(progress),
    () => now,
  );
  meter.begin('copy', bytes(100));
  now += 200;
  meter.add({ done: 100, read: 100, written: 60 });
  meter.end();
  meter.begin('verify', bytes(60));
  now += 200;
  meter.add({ done: 60, read: 60, written: 0 });
  meter.end();
  expect(seen.at(-1)).toMatchObject({
    phase: 'verify',
    done: 60,
    total: 60,
    read: 160,
    written: 60,
    skipped: 40,
  });
  expect(seen.at(-1)?.rate).toBe(300);
});
