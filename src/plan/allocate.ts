/**
 * Which physical volume an allocation goes to. LVM's own choice follows heuristics that nobody should have to
 * predict, so the planner chooses and the command names the device.
 */
import type { Extents } from '../units.ts';
import { freeOf, isBlurred, type ModelGroup, type ModelPv } from './model.ts';

export type Place =
  | { readonly kind: 'one'; readonly pv: ModelPv }
  /** It fits on no single one: all are named, and only the group's total is predicted. */
  | { readonly kind: 'spanning'; readonly pvs: readonly ModelPv[] }
  | { readonly kind: 'none'; readonly available: number };

/** A backup volume outlives the loan, so it must never lie on a lent device. */
export type Purpose = 'volume' | 'snapshot';

/**
 * The physical volume for `count` extents: a lent one first (it joined for this), else the one that is filled most
 * closely, so that the large gaps stay for large volumes. `preferred` come before all others.
 */
export function place(
  group: ModelGroup,
  count: Extents,
  purpose: Purpose,
  preferred: readonly string[] = [],
): Place {
  const usable = usablePvs(group, purpose);
  const fitting = usable
    .filter((pv) => pv.boundless || (!isBlurred(group, pv) && pv.free >= count))
    .sort((a, b) => rank(a, preferred) - rank(b, preferred) || a.free - b.free);
  const best = fitting[0];
  if (best) return { kind: 'one', pv: best };
  const available = freeOn(group, usable);
  if (available < count) return { kind: 'none', available };
  return { kind: 'spanning', pvs: usable.filter((pv) => pv.free > 0) };
}

/** Free extents that an allocation of that purpose may take. */
export function availableFor(group: ModelGroup, purpose: Purpose): number {
  return freeOn(group, usablePvs(group, purpose));
}

function usablePvs(group: ModelGroup, purpose: Purpose): ModelPv[] {
  return [...group.pvs.values()].filter(
    (pv) => pv.allocatable && pv.device !== null && (purpose === 'snapshot' || !pv.lent),
  );
}

/**
 * The sum that is certain. Where allocations are spread in a way that only LVM knows, the free extents of the
 * others in the spread could all lie on a device that may not be used: they do not count then.
 */
function freeOn(group: ModelGroup, usable: readonly ModelPv[]): number {
  if (usable.length === group.pvs.size) return freeOf(group);
  const certain = usable.filter((pv) => !isBlurred(group, pv)).reduce((sum, pv) => sum + pv.free, 0);
  if (!group.blur) return certain;
  const blurred = [...group.blur.freeBefore];
  const taken = [...group.blur.volumes.values()].reduce((sum, count) => sum + count, 0);
  const inReach = blurred.filter(([uuid]) => usable.some((pv) => pv.uuid === uuid));
  const least = inReach.reduce((sum, [, free]) => sum + free, 0) - taken;
  return certain + Math.max(0, least);
}

function rank(pv: ModelPv, preferred: readonly string[]): number {
  if (pv.device !== null && preferred.includes(pv.device)) return 0;
  return pv.lent ? 1 : 2;
}
