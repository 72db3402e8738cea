/** What policies keep, and why: test/fixtures/keep holds each verdict. `vitest -u` after a change, and read. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dated, judge } from '../../src/plan/keep.ts';
import type { KeepSpec } from '../../src/spec/spec.ts';

const NONE: KeepSpec = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type State = Dated['state'];

const at = (time: string, state: State = 'complete'): Dated => ({ name: time, time: new Date(time), state });

/** So many points, one each `step`, the last of them at `end`. */
function series(end: string, count: number, step: number): Dated[] {
  const last = Date.parse(end);
  return Array.from({ length: count }, (_, index) => at(new Date(last - index * step).toISOString()));
}

interface Scene {
  readonly points: readonly Dated[];
  readonly keep: Partial<KeepSpec>;
  readonly clock: string;
  readonly timeZone?: string;
}

const SCENES: Readonly<Record<string, Scene>> = {
  'the first point ever': {
    points: [at('2026-11-23T03:00:00Z')],
    keep: { daily: 7, weekly: 4, monthly: 12 },
    clock: '2026-11-23T03:10:00Z',
  },
  'twelve weeks of daily runs': {
    points: series('2026-11-23T03:00:00Z', 84, DAY),
    keep: { last: 2, daily: 7, weekly: 5, monthly: 3, yearly: 2 },
    clock: '2026-11-23T03:10:00Z',
  },
  'two points in one period': {
    points: ['T01', 'T13', 'T22'].map((hour) => at(`2026-11-22${hour}:00:00Z`)),
    keep: { daily: 3 },
    clock: '2026-11-23T00:00:00Z',
  },
  'more keep than points': {
    points: series('2026-11-23T03:00:00Z', 3, DAY),
    keep: { last: 10, daily: 30, monthly: 12 },
    clock: '2026-11-23T03:10:00Z',
  },
  'gaps: days without a point do not count': {
    points: ['2026-11-22', '2026-11-21', '2026-11-03', '2026-09-30', '2025-12-31'].map((day) =>
      at(`${day}T03:00:00Z`),
    ),
    keep: { daily: 4 },
    clock: '2026-11-23T03:10:00Z',
  },
  'clock set back: what lies ahead of it is kept, and takes no place': {
    points: [at('2031-01-01T00:00:00Z'), ...series('2026-11-23T03:00:00Z', 4, DAY)],
    keep: { last: 2 },
    clock: '2026-11-23T03:10:00Z',
  },
  'clock set back before all of them': {
    points: series('2026-11-23T03:00:00Z', 3, DAY),
    keep: { last: 1 },
    clock: '2020-01-01T00:00:00Z',
  },
  'summer begins: the night of 23 hours has its point': {
    points: [
      '2026-03-27T00:30:00Z',
      '2026-03-28T00:30:00Z',
      '2026-03-29T00:30:00Z',
      '2026-03-29T23:30:00Z',
      '2026-03-30T23:30:00Z',
    ].map((time) => at(time)),
    keep: { daily: 5 },
    clock: '2026-03-31T12:00:00Z',
    timeZone: 'Europe/Berlin',
  },
  'summer ends: the hour that comes twice is two': {
    points: series('2026-10-25T03:15:00Z', 6, HOUR),
    keep: { hourly: 5 },
    clock: '2026-10-25T04:00:00Z',
    timeZone: 'Europe/Berlin',
  },
  'weeks over the turn of a year': {
    points: series('2027-01-05T03:00:00Z', 12, DAY),
    keep: { weekly: 3, yearly: 2 },
    clock: '2027-01-05T03:10:00Z',
  },
  'a damaged one ages like the others, but takes no place': {
    points: [
      at('2026-11-23T03:00:00Z', 'damaged'),
      at('2026-11-22T03:00:00Z'),
      at('2026-11-21T03:00:00Z', 'damaged'),
      at('2026-11-20T03:00:00Z'),
      at('2026-11-19T03:00:00Z'),
    ],
    keep: { last: 2 },
    clock: '2026-11-23T03:10:00Z',
  },
  'what its tags do not tell is left alone': {
    points: [at('2026-11-22T03:00:00Z'), { name: 'half', time: null, state: 'incomplete' }],
    keep: { last: 1 },
    clock: '2026-11-23T03:10:00Z',
  },
  'a policy that keeps nothing spares the only complete one': {
    points: [at('2026-11-23T03:00:00Z', 'damaged'), ...series('2026-11-22T03:00:00Z', 3, DAY)],
    keep: { last: 0 },
    clock: '2026-11-23T03:10:00Z',
  },
};

function judged({ points, keep, clock, timeZone = 'UTC' }: Scene) {
  return judge(points, { ...NONE, ...keep }, { clock: new Date(clock), timeZone });
}

describe('golden', () => {
  test.each(Object.entries(SCENES))('%s', async (name, scene) => {
    const lines = judged(scene).map(
      ({ point, keep, reasons }) =>
        `${keep ? 'keep  ' : 'remove'}  ${point.name}${point.state === 'complete' ? '' : ` (${point.state})`}  ${reasons.join('; ')}`,
    );
    const head = [`keep ${JSON.stringify(scene.keep)} at ${scene.clock}, ${scene.timeZone ?? 'UTC'}`, ''];
    const file = name.replaceAll(/[^a-z0-9]+/g, '-');
    await expect(`${[...head, ...lines].join('\n')}\n`).toMatchFileSnapshot(`../fixtures/keep/${file}.txt`);
  });
});

const times = fc.uniqueArray(fc.integer({ min: 0, max: 900 }), { maxLength: 60 });
const counts = fc.record({
  last: fc.integer({ min: 0, max: 5 }),
  hourly: fc.nat({ max: 5 }),
  daily: fc.nat({ max: 9 }),
  weekly: fc.nat({ max: 5 }),
  monthly: fc.nat({ max: 3 }),
  yearly: fc.nat({ max: 2 }),
});
const START = Date.parse('2026-02-01T00:30:00Z');
const pointsAt = (hours: readonly number[]) =>
  hours.map((hour) => at(new Date(START + hour * 5 * HOUR).toISOString()));
const clock = new Date(START + 1000 * 5 * HOUR);

describe('for every policy and every history', () => {
  test('each point has one verdict with a reason, and a whole one always stays', () => {
    fc.assert(
      fc.property(
        times,
        counts,
        fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia'),
        (hours, keep, timeZone) => {
          const points = pointsAt(hours);
          const verdicts = judge(points, keep, { clock, timeZone });
          expect(new Set(verdicts.map(({ point }) => point))).toEqual(new Set(points));
          for (const { reasons } of verdicts) expect(reasons.length).toBeGreaterThan(0);
          if (points.length > 0) expect(verdicts.some(({ keep: kept }) => kept)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('what was removed is not missed later: pruned after each run, it keeps what it would keep of all', () => {
    fc.assert(
      fc.property(times, counts, (hours, keep) => {
        const ordered = pointsAt([...hours].sort((a, b) => a - b));
        const context = (point: Dated) => ({ clock: point.time as Date, timeZone: 'Europe/Berlin' });
        let live: Dated[] = [];
        for (const point of ordered) {
          live = judge([...live, point], keep, context(point)).flatMap((one) => (one.keep ? one.point : []));
        }
        const last = ordered.at(-1);
        const atOnce = last
          ? judge(ordered, keep, context(last)).flatMap((one) => (one.keep ? one.point : []))
          : [];
        expect(new Set(live)).toEqual(new Set(atOnce));
      }),
      { numRuns: 200 },
    );
  });
});
