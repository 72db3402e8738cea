/** Which restore point is meant: by a source, and a time or a volume where one is named. */
import type { Inventory } from '../lvm/inventory.ts';
import { clockText } from './plan.ts';
import { type RestorePoint, restorePoints } from './restore-points.ts';

export interface PointRequest {
  /** As the tags tell it: `VG/LV`, or the device as the file wrote it. */
  readonly source: string;
  /** A time, or `VG/LV` of the volume that holds it; null: the newest complete one. */
  readonly point: string | null;
  /** Looked for in this group alone; null: in all of them. */
  readonly group: string | null;
}

/** The command line names what is not there, or what may be one of several. */
export class UnknownPoint extends Error {
  constructor(
    message: string,
    readonly hint: string,
    /** Sources that the tags do tell of. */
    readonly known: readonly string[] = [],
  ) {
    super(message);
  }
}

export type Choice =
  | { readonly kind: 'point'; readonly point: RestorePoint; readonly named: boolean }
  /** The source has points, and none of them is complete: the newest of them. */
  | { readonly kind: 'none-complete'; readonly newest: RestorePoint };

const LIST = '`lvmbackup points` lists them';

/** Throws UnknownPoint. */
export function choosePoint(inventory: Inventory, request: PointRequest): Choice {
  const all = pointsOf(inventory, request);
  if (request.point !== null) return { kind: 'point', point: namedPoint(all, request), named: true };
  const points = ofOneSource(inventory, all, request.source);
  const complete = points.find(({ state, time }) => state === 'complete' && time !== null);
  if (complete) return { kind: 'point', point: complete, named: false };
  return { kind: 'none-complete', newest: points[0] as RestorePoint };
}

/** Of the source; at least one. Throws UnknownPoint. */
function pointsOf(inventory: Inventory, { source, group }: PointRequest): RestorePoint[] {
  const inGroup = restorePoints(inventory).filter(({ volume }) => group === null || volume.group === group);
  const points = inGroup.filter((point) => point.source === source);
  if (points.length > 0) return points;
  const known = [...new Set(inGroup.map((point) => point.source))].sort();
  const where = group === null ? '' : ` in ${group}`;
  const hint =
    known.length === 0
      ? 'no group that LVM shows holds one: is the backup disk there? see `vgs`'
      : `there are points of ${known.join(', ')}`;
  throw new UnknownPoint(`there is no restore point of ${source}${where}`, hint, known);
}

/** The same time may stand for several: a complete one is meant then. */
function namedPoint(points: readonly RestorePoint[], { source, point }: PointRequest): RestorePoint {
  const name = point ?? '';
  const byPath = points.find(({ path }) => path === name);
  if (byPath) return byPath;
  const time = timeOf(name);
  const at = points.filter((one) => one.time !== null && one.time.getTime() === time);
  const best = at.find(({ state }) => state === 'complete') ?? at[0];
  const sources = new Set(at.map(({ sourceId }) => sourceId));
  if (best && sources.size === 1) return best;
  if (best) throw ambiguous(source, at);
  const there = points.flatMap((one) => (one.time === null ? one.path : clockText(one.time)));
  throw new UnknownPoint(
    `${source} has no restore point ${name}`,
    time === null
      ? `write a time as 2026-11-23T09:15:00Z, or VG/LV; ${LIST}`
      : `there are ${there.join(', ')}`,
  );
}

/** As `lvmbackup points` shows it, or as the names of points have it; null where it is no time. */
function timeOf(text: string): number | null {
  const spelled = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(spelled);
  return Number.isNaN(time) ? null : time;
}

/** A name may have been another volume's, on this machine or on another: the one that is here now is meant. */
function ofOneSource(inventory: Inventory, points: RestorePoint[], source: string): RestorePoint[] {
  const ids = new Set(points.map(({ sourceId }) => sourceId));
  if (ids.size === 1) return points;
  const [groupName = '', name = ''] = source.split('/');
  const group = inventory.groups.get(groupName);
  const live = points.filter((one) => one.sourceId === `${group?.uuid}/${group?.volumes.get(name)?.uuid}`);
  if (live.length > 0) return live;
  throw ambiguous(source, points);
}

function ambiguous(source: string, points: readonly RestorePoint[]): UnknownPoint {
  const each = points.map(({ path, host }) => `${path}${host === null ? '' : ` (of host ${host})`}`);
  return new UnknownPoint(
    `${source} was the name of several volumes: ${each.join(', ')}`,
    'name the volume of the one that you mean: --point VG/LV',
  );
}
