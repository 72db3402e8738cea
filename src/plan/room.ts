/** Extents of the model's groups: how many are free where, and who takes them. */
import type { PvUuid } from '../lvm/inventory.ts';
import { type Extents, extents } from '../units.ts';
import type { Placement } from './action.ts';
import { freeOn } from './allocate.ts';
import type { Fault } from './fault.ts';
import { isBlurred, type ModelGroup, type ModelPv, takeFrom, takeSpanning } from './model.ts';

/** Free extents where the placement says. */
export function roomOn(group: ModelGroup, { devices }: Placement): number {
  const pvs = [...group.pvs.values()].filter(({ device }) => device !== null && devices.includes(device));
  const [only] = pvs;
  if (only && pvs.length === 1 && !isBlurred(group, only))
    return only.boundless ? Number.POSITIVE_INFINITY : only.free;
  return freeOn(group, pvs);
}

/** Keeps extents for a volume to grow into, where its placement says, until it is removed. There must be room. */
export function reserve(group: ModelGroup, volume: string, count: Extents, placement: Placement): void {
  const taken = take(group, volume, count, placement);
  if ('code' in taken || taken.pv === null) return;
  const before = group.reserved.get(volume)?.extents ?? 0;
  group.reserved.set(volume, { pv: taken.pv, extents: extents(before + count) });
}

/** Takes the extents where the placement says. `pv` is null where only the group's total is known. */
export function take(
  group: ModelGroup,
  volume: string,
  count: Extents,
  placement: Placement,
): Fault | { pv: PvUuid | null } {
  const pvs: ModelPv[] = [];
  for (const pv of group.pvs.values()) if (pv.device && placement.devices.includes(pv.device)) pvs.push(pv);
  const [only] = pvs;
  if (only && pvs.length === 1 && !isBlurred(group, only)) {
    if (!only.boundless && only.free < count) return short(group, count, only.free);
    takeFrom(only, count);
    return { pv: only.uuid };
  }
  const available = freeOn(group, pvs);
  if (available < count) return short(group, count, available);
  takeSpanning(group, pvs, volume, count);
  return { pv: null };
}

export function short(group: ModelGroup, needed: Extents, available: number): Fault {
  return { code: 'insufficient-space', group: group.name, needed, available };
}
