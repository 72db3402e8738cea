/**
 * What LVM leaves in the kernel when it is killed in the middle of a change: an lvcreate or lvremove of a snapshot
 * suspends the origin, writes the metadata, and builds the devices anew.
 */
import type { Group, Volume } from '../lvm/inventory.ts';
import { bytes, extents } from '../units.ts';
import type { PlanBuilder } from './builder.ts';
import { isLeftover, RECOVERS } from './left.ts';

/**
 * First of all in a group in which something was left: whatever uses a suspended volume hangs. None is in the middle of
 * a change now, for LVM reports of a group only while nobody changes it.
 */
export function emitResuming(builder: PlanBuilder, group: Group): void {
  const resume = unsettledIn(group);
  if (resume.length === 0) return;
  builder.add({
    ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [], activate: [] },
    resume,
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'LVM was killed while it changed its device: whatever uses it may wait',
  });
}

/** A plain volume, which is to be, or was, the store of a snapshot. */
export function isFormerSnapshot({ pool, layout }: Volume): boolean {
  return pool === null && !layout.includes('pool');
}

/** `VG/LV` of each; what was left comes first: a former snapshot stands on the layer below its origin, and must leave it. */
export function unsettledIn(group: Group): string[] {
  return [...group.volumes.values()]
    .filter((volume) => volume.unsettled && !volume.hidden)
    .sort((a, b) => Number(isLeftover(group, b)) - Number(isLeftover(group, a)))
    .map(({ name }) => `${group.name}/${name}`);
}
