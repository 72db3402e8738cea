/** Policy of time: which backups need no refresh now. */
import type { BackupRecord } from '../lvm/tags.ts';
import type { Seconds } from '../units.ts';

const DAY = 86_400;
const HOUR = 3_600;
const MINUTE = 60;

/** Why a source needs nothing now; null where it is to be copied. A time that lies ahead proves nothing: copy. */
export function freshReason(
  record: Pick<BackupRecord, 'state' | 'time'>,
  refreshAfter: Seconds | null,
  clock: Date,
): string | null {
  if (refreshAfter === null || record.state !== 'complete' || record.time === null) return null;
  const age = (clock.getTime() - record.time.getTime()) / 1000;
  if (age < 0 || age >= refreshAfter) return null;
  return `its complete copy is ${ageText(age)} old, to be refreshed after ${ageText(refreshAfter)}`;
}

/** The largest whole unit: `20 h`, `3 d`, `5 min`, `40 s`. */
export function ageText(age: number): string {
  if (age >= 2 * DAY) return `${Math.floor(age / DAY)} d`;
  if (age >= HOUR) return `${Math.floor(age / HOUR)} h`;
  if (age >= MINUTE) return `${Math.floor(age / MINUTE)} min`;
  return `${Math.floor(age)} s`;
}
