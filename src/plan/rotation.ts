/**
 * Restore points without a pool: as many backup volumes as are kept, written in turn. `<backup>`, `<backup>.2`, …
 */
import type { Group, Volume } from '../lvm/inventory.ts';
import { pointIn, type RestorePoint } from './restore-points.ts';

/** The name of a place in the rotation, counted from 1. */
export function placeName(backup: string, place: number): string {
  return place === 1 ? backup : `${backup}.${place}`;
}

/** The volumes of the rotation that are there and of that source, best first: the one to keep longest. */
export function rotationOf(
  group: Pick<Group, 'volumes'> | undefined,
  backup: string,
  sourceId: string,
  clock: Date,
): RestorePoint[] {
  const found: RestorePoint[] = [];
  for (const volume of group?.volumes.values() ?? []) {
    if (!isPlace(volume, backup)) continue;
    const point = pointIn(volume);
    if (point?.sourceId === sourceId) found.push(point);
  }
  return found.sort(bestFirst(clock));
}

function isPlace({ name }: Volume, backup: string): boolean {
  return (
    name === backup || (name.startsWith(`${backup}.`) && /^[1-9]\d{0,8}$/.test(name.slice(backup.length + 1)))
  );
}

/**
 * Complete before damaged before incomplete, newer before older. A time that lies ahead of the clock proves nothing:
 * such a copy stands behind those whose time is past.
 */
function bestFirst(clock: Date): (a: RestorePoint, b: RestorePoint) => number {
  const rank = ({ state, time }: RestorePoint) => {
    if (state === 'incomplete') return 4;
    if (state === 'damaged') return 3;
    if (time === null) return 2;
    return time.getTime() > clock.getTime() ? 1 : 0;
  };
  const age = ({ time }: RestorePoint) => time?.getTime() ?? 0;
  return (a, b) => rank(a) - rank(b) || age(b) - age(a) || (a.path < b.path ? -1 : 1);
}

export type Turn =
  /** Whose turn it is: written over by the next copy. */
  | { readonly kind: 'over'; readonly point: RestorePoint; readonly passedOver: readonly RestorePoint[] }
  /** A place that was never used. */
  | { readonly kind: 'new'; readonly passedOver: readonly RestorePoint[] }
  | { readonly kind: 'none'; readonly open: readonly RestorePoint[] };

/**
 * An incomplete copy first, then a new place while there are fewer than `last`, else the worst of them. The newest
 * complete one is never written to, but where one is all that is kept. What is open is passed over.
 */
export function turnOf(rotation: readonly RestorePoint[], last: number): Turn {
  const isOpen = ({ volume }: RestorePoint) => volume.open;
  const incomplete = rotation.filter(({ state }) => state === 'incomplete');
  const torn = incomplete.findLast((point) => !isOpen(point));
  if (torn) return { kind: 'over', point: torn, passedOver: incomplete.filter(isOpen) };
  if (rotation.length < last) return { kind: 'new', passedOver: incomplete.filter(isOpen) };
  const inPlace = last === 1 && rotation.length === 1;
  const writable = rotation.filter(({ state }, index) => inPlace || index > 0 || state !== 'complete');
  const point = writable.findLast((one) => !isOpen(one));
  if (!point) return { kind: 'none', open: writable };
  return { kind: 'over', point, passedOver: writable.slice(writable.indexOf(point) + 1) };
}

/** The places beyond `last`, oldest first; `after` is what the rotation will hold, best first. */
export function beyond(after: readonly RestorePoint[], last: number): RestorePoint[] {
  return after.slice(last).reverse();
}
