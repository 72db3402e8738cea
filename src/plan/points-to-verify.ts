/** Which restore points can be read and checked, and why others cannot. */
import type { Inventory } from '../lvm/inventory.ts';
import { UnknownPoint } from './choose-point.ts';
import { type RestorePoint, restorePoints } from './restore-points.ts';

export interface PointsToVerify {
  readonly points: readonly RestorePoint[];
  readonly passedOver: readonly { readonly point: RestorePoint; readonly reason: string }[];
}

/** `sources`: as the tags tell them, or the volume of one point; empty: all. Throws UnknownPoint. */
export function pointsToVerify(
  inventory: Inventory,
  sources: readonly string[],
  group: string | null,
): PointsToVerify {
  const all = restorePoints(inventory).filter(({ volume }) => group === null || volume.group === group);
  const names = (point: RestorePoint) => [point.source, point.path];
  for (const source of sources) {
    if (all.some((point) => names(point).includes(source))) continue;
    const known = [...new Set(all.map((point) => point.source))].sort();
    throw new UnknownPoint(`there is no restore point of ${source}`, '`lvmbackup points` lists them', known);
  }
  const wanted = all.filter(
    (point) => sources.length === 0 || names(point).some((name) => sources.includes(name)),
  );
  const reasons = wanted.map((point) => ({ point, reason: whyNot(point) }));
  return {
    points: reasons.flatMap(({ point, reason }) => (reason === null ? [point] : [])),
    passedOver: reasons.flatMap(({ point, reason }) => (reason === null ? [] : [{ point, reason }])),
  };
}

/** One whose damage an earlier reading found is read again: what was wrong may have been the way to the disk. */
function whyNot({ state, digest, verified }: RestorePoint): string | null {
  if (state === 'incomplete') return 'it is not complete, so there is nothing that it should be';
  if (digest === null) return 'its tags carry no digest';
  if (state === 'damaged' && verified === null)
    return 'its source could not be read everywhere when it was copied';
  return null;
}
