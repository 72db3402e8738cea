/** Hours, days, weeks, months and years as people count them: by the clock on the wall of one time zone. */

export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export type Period = (typeof PERIODS)[number];

/**
 * The period in which a time lies, as text that is the same for all times in it: `2026-11-23`, `2026-W48`, `2026-11`.
 * When the clocks go back, the hour that comes twice is two: its offset tells them apart.
 */
export function calendar(timeZone: string): (time: Date) => Readonly<Record<Period, string>> {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', timeZoneName: 'longOffset' },
  });
  return (time) => {
    const part = (type: Intl.DateTimeFormatPartTypes) =>
      format.formatToParts(time).find((one) => one.type === type)?.value ?? '';
    const [year, month, day] = [part('year'), part('month'), part('day')];
    const offset = part('timeZoneName').replace('GMT', '') || 'Z';
    return {
      hourly: `${year}-${month}-${day}T${part('hour')}${offset}`,
      daily: `${year}-${month}-${day}`,
      weekly: weekOf(Number(year), Number(month), Number(day)),
      monthly: `${year}-${month}`,
      yearly: year,
    };
  };
}

const DAY = 86_400_000;

/** ISO 8601: weeks begin on Monday, and belong to the year that their Thursday is in. */
function weekOf(year: number, month: number, day: number): string {
  const date = Date.UTC(year, month - 1, day);
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = new Date(date + (3 - weekday) * DAY);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - first) / (7 * DAY)) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
