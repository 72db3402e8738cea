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
  | { readonly kind: 'none'; readonly pvs: readonly ModelPv[]; readonly available: number };

/** What an allocation may use and where it would rather be. */
export interface Wish {
  /** The device that is lent for it. A loan serves only those who asked for it: a volume would outlive it. */
  readonly borrowed?: string | null;
  /** Devices to prefer: where the rest of the volume lies. */
  readonly near?: readonly string[];
}

/**
 * The physical volume for `count` extents: the lent one first (it joined for this), then those nearby, then the one
 * that is filled most closely, so that the large gaps stay for large volumes.
 */
export function place(group: ModelGroup, count: Extents, wish: Wish = {}): Place {
  const usable = usablePvs(group, wish);
  const best = bestFitting(group, usable, count, wish);
  if (best) return { kind: 'one', pv: best };
  const available = freeOn(group, usable);
  if (available < count) return { kind: 'none', pvs: usable, available };
  return { kind: 'spanning', pvs: usable.filter((pv) => pv.free > 0) };
}

/** The first of those that fit best. */
function bestFitting(
  group: ModelGroup,
  usable: readonly ModelPv[],
  count: Extents,
  wish: Wish,
): ModelPv | null {
  let best: ModelPv | null = null;
  for (const pv of usable) {
    const fits = pv.boundless || (!isBlurred(group, pv) && pv.free >= count);
    if (fits && (best === null || isBetter(pv, best, wish))) best = pv;
  }
  return best;
}

function isBetter(pv: ModelPv, than: ModelPv, wish: Wish): boolean {
  return (rank(pv, wish) - rank(than, wish) || pv.free - than.free) < 0;
}

/** Free extents that such an allocation may take. */
export function availableFor(group: ModelGroup, wish: Wish = {}): number {
  return freeOn(group, usablePvs(group, wish));
}

function usablePvs(group: ModelGroup, { borrowed = null }: Wish): ModelPv[] {
  const usable: ModelPv[] = [];
  for (const pv of group.pvs.values()) {
    if (pv.allocatable && pv.device !== null && (!pv.lent || pv.device === borrowed)) usable.push(pv);
  }
  return usable;
}

/**
 * The sum that is certain. Where allocations are spread in a way that only LVM knows, the free extents of the
 * others in the spread could all lie on a device that may not be used: they do not count then.
 */
export function freeOn(group: ModelGroup, usable: readonly ModelPv[]): number {
  if (usable.length === group.pvs.size) return freeOf(group);
  const certain = usable.filter((pv) => !isBlurred(group, pv)).reduce((sum, pv) => sum + pv.free, 0);
  if (!group.blur) return certain;
  const blurred = [...group.blur.freeBefore];
  const taken = [...group.blur.volumes.values()].reduce((sum, count) => sum + count, 0);
  const inReach = blurred.filter(([uuid]) => usable.some((pv) => pv.uuid === uuid));
  const least = inReach.reduce((sum, [, free]) => sum + free, 0) - taken;
  return certain + Math.max(0, least);
}

function rank(pv: ModelPv, { borrowed, near = [] }: Wish): number {
  if (pv.device === null) return 3;
  if (pv.device === borrowed) return 0;
  return near.includes(pv.device) ? 1 : 2;
}
