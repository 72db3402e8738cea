/** Nights of backups, and the points that a policy keeps of them. */

/** As in the names of points. */
export const compact = (time: string) => time.replaceAll(/[-:]/g, '');

export const KEEP = { last: 2, daily: 4, weekly: 3, monthly: 2 };

/** The policy again, by other means: UTC, and every period as the start of a text or a count of days. */
export function wanted(times: readonly string[]): string[] {
  const newest = [...times].sort().reverse();
  const week = (time: string) => String(Math.floor((Date.parse(time) / 86_400_000 + 3) / 7));
  const kept = new Set(newest.slice(0, KEEP.last));
  const each = (count: number, period: (time: string) => string) => {
    const seen = new Set<string>();
    for (const time of newest) {
      if (seen.has(period(time)) || seen.size === count) continue;
      seen.add(period(time));
      kept.add(time);
    }
  };
  each(KEEP.daily, (time) => time.slice(0, 10));
  each(KEEP.weekly, week);
  each(KEEP.monthly, (time) => time.slice(0, 7));
  return [...kept].sort();
}

export function twelveWeeks(): string[] {
  const first = Date.parse('2026-09-01T03:00:00Z');
  return Array.from({ length: 84 }, (_, index) =>
    new Date(first + index * 86_400_000).toISOString().replace('.000', ''),
  );
}
