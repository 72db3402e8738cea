/**
 * Which restore points a policy keeps, and why: one pure function over their times. It decides nothing else: who asks
 * says which of them exist, and does what it says.
 */
import type { KeepSpec } from '../spec/spec.ts';
import { calendar, PERIODS, type Period } from './periods.ts';

/** A point as the policy sees it. */
export interface Dated {
  readonly name: string;
  /** null where its tags name no time. */
  readonly time: Date | null;
  readonly state: 'complete' | 'incomplete' | 'damaged';
}

export interface Verdict<P extends Dated> {
  readonly point: P;
  readonly keep: boolean;
  /** Never empty: for a point that is kept, each rule that keeps it. */
  readonly reasons: readonly string[];
}

export interface KeepContext {
  /** The plan's clock. */
  readonly clock: Date;
  /** Whose days and weeks they are: `Europe/Berlin`. */
  readonly timeZone: string;
}

/**
 * A verdict for every point, newest first, those without a time last. `last: N` keeps the N newest; `daily: N` the
 * newest of each of the last N days that have one, and so on: days without a point do not count.
 *
 * What is not certain is kept: a point whose time lies ahead of the clock (which was set back, or was wrong), and one
 * whose tags name no time. A damaged point ages as if it were whole, but takes no other one's place.
 */
export function judge<P extends Dated>(
  points: readonly P[],
  keep: KeepSpec,
  context: KeepContext,
): Verdict<P>[] {
  const { clock } = context;
  const sorted = [...points].sort(newestFirst);
  const isPast = ({ time }: P) => time !== null && time.getTime() <= clock.getTime();
  const whole = sorted.filter((point) => point.state === 'complete' && isPast(point));
  const kept = keptBy(keep, whole, context);
  const verdicts = sorted.map((point): Verdict<P> => {
    if (point.time === null || point.state === 'incomplete') {
      return { point, keep: true, reasons: ['its tags do not say what it is: left alone'] };
    }
    if (!isPast(point)) return { point, keep: true, reasons: ['its time lies ahead of the clock'] };
    if (point.state === 'complete') return verdict(point, kept.get(point) ?? []);
    const among = [...whole, point].sort(newestFirst);
    const reasons = keptBy(keep, among, context).get(point) ?? [];
    return verdict(
      point,
      reasons.map((reason) => `damaged, but ${reason}`),
    );
  });
  return spareTheOnlyOne(verdicts);
}

function verdict<P extends Dated>(point: P, reasons: readonly string[]): Verdict<P> {
  return reasons.length > 0
    ? { point, keep: true, reasons }
    : { point, keep: false, reasons: ['no rule of keep asks for it'] };
}

/** By point: the rules that keep it. `points` are newest first. */
function keptBy<P extends Dated>(
  keep: KeepSpec,
  points: readonly P[],
  { timeZone }: KeepContext,
): Map<P, string[]> {
  const reasons = new Map<P, string[]>();
  const add = (point: P, reason: string) => reasons.set(point, [...(reasons.get(point) ?? []), reason]);
  points.slice(0, keep.last).forEach((point, index) => {
    add(point, `last ${index + 1} of ${keep.last}`);
  });
  const wanted = PERIODS.filter((period) => keep[period] > 0);
  if (wanted.length === 0) return reasons;
  const periodsOf = calendar(timeZone);
  const dated = points.map((point) => ({ point, periods: periodsOf(point.time as Date) }));
  for (const period of wanted) keepNewestOfEach(period, keep[period], dated, add);
  return reasons;
}

function keepNewestOfEach<P extends Dated>(
  period: Period,
  count: number,
  points: readonly { readonly point: P; readonly periods: Readonly<Record<Period, string>> }[],
  add: (point: P, reason: string) => void,
): void {
  const seen = new Set<string>();
  for (const { point, periods } of points) {
    const key = periods[period];
    if (seen.has(key)) continue;
    if (seen.size === count) return;
    seen.add(key);
    add(point, `${period} ${key}, ${seen.size} of ${count}`);
  }
}

/** Whatever the policy says: where nothing whole would be left, the newest whole one stays. */
function spareTheOnlyOne<P extends Dated>(verdicts: readonly Verdict<P>[]): Verdict<P>[] {
  const isWhole = ({ point }: Verdict<P>) => point.state === 'complete';
  const newest = verdicts.find(isWhole);
  if (!newest || verdicts.some((one) => isWhole(one) && one.keep)) return [...verdicts];
  const spared = { ...newest, keep: true, reasons: ['the only complete one'] };
  return verdicts.map((one) => (one === newest ? spared : one));
}

function newestFirst(a: Dated, b: Dated): number {
  const [left, right] = [a.time?.getTime() ?? -1e18, b.time?.getTime() ?? -1e18];
  return right - left || (a.name < b.name ? -1 : 1);
}
