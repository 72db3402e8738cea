/** The restore points that there are, as a table and as a document (`schemas/points.schema.json`). */
import { ageText } from '../plan/freshness.ts';
import { clockText } from '../plan/plan.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import { bytesText } from '../units-text.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** A minor step only adds. */
const FORMAT = '1.0';

export function pointsJson(points: readonly RestorePoint[]): string {
  return JSON.stringify({ formatVersion: FORMAT, points: points.map(pointDocument) }, null, 2);
}

function pointDocument({
  path,
  kind,
  source,
  sourceId,
  host,
  size,
  state,
  time,
  digest,
  verified,
}: RestorePoint) {
  return {
    ...{ source, sourceId, host, volume: path, kind, state },
    time: time && clockText(time),
    ...{ size, digest },
    verified: verified && { time: clockText(verified.time), ok: verified.ok },
  };
}

const COLOURS = { complete: 'green', incomplete: 'yellow', damaged: 'red' } as const;
const HEADER = ['Source', 'time (UTC)', 'age', 'state', 'size', 'volume', 'verified'];

export function pointsText(list: readonly RestorePoint[], now: Date, style: Style): string {
  if (list.length === 0) return 'There is no restore point in any group that LVM shows.';
  const rows = printable([...list].sort(bySource).map((point) => rowOf(point, now)));
  const widths = HEADER.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const painted = rows.map((row) => {
    const state = row[3] as keyof typeof COLOURS;
    return line(row).replace(`  ${state} `, `  ${style[COLOURS[state]](state)} `);
  });
  return [style.bold(line(HEADER)), ...painted].join('\n');
}

/** Stable: the newest of a source stays the first. */
function bySource(a: RestorePoint, b: RestorePoint): number {
  return a.source === b.source ? 0 : a.source < b.source ? -1 : 1;
}

function rowOf({ source, time, state, size, path, verified }: RestorePoint, now: Date): string[] {
  const age = time === null ? '-' : ageText(Math.max(0, (now.getTime() - time.getTime()) / 1000));
  const read = verified === null ? 'never' : `${clockText(verified.time)} ${verified.ok ? 'ok' : 'damaged'}`;
  const when = time === null ? '-' : clockText(time);
  return [source, when, age, state, size === null ? '-' : bytesText(size), path, read];
}
