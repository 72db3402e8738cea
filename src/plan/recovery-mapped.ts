/**
 * What LVM leaves in the kernel when it is killed in the middle of a change: an lvcreate or lvremove of a snapshot
 * suspends the origin, writes the metadata, and builds the devices anew.
 */
import type { Group, Inventory, Volume } from '../lvm/inventory.ts';
import { mapperName, mapperPath } from '../lvm/mapper.ts';
import { bytes, extents } from '../units.ts';
import type { PlanBuilder } from './builder.ts';
import { isLeftover, RECOVERS } from './left.ts';

/**
 * First of all in a group in which something was left: whatever uses a suspended volume hangs. None is in the middle of
 * a change now, for LVM reports of a group only while nobody changes it.
 */
export function emitResuming(builder: PlanBuilder, group: Group): void {
  const suspended = [...group.volumes.values()].filter((volume) => volume.suspended && !volume.hidden);
  if (suspended.length === 0) return;
  // What was left first: a former snapshot stands on the layer below its origin, and has to leave it.
  suspended.sort((a, b) => Number(isLeftover(group, b)) - Number(isLeftover(group, a)));
  builder.add({
    ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [], activate: [] },
    resume: suspended.map(({ name }) => `${group.name}/${name}`),
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'LVM was killed while it had it suspended: whatever uses it waits',
  });
}

/**
 * Of a plain volume that was a snapshot: its store, and the layers below volumes that are no origins any more, which
 * LVM forgot. Names of device-mapper's, the upper before the lower.
 */
export function stillMapped({ devices }: Inventory, group: Group, { name, pool, layout }: Volume): string[] {
  if (pool !== null || layout.includes('pool')) return [];
  const below = [...group.volumes.values()].filter(
    ({ roles, hidden }) => !hidden && !roles.includes('origin'),
  );
  const layers = [[name, 'cow'] as const, ...below.map((one) => [one.name, 'real'] as const)];
  return layers
    .filter(([volume, layer]) => devices?.byPath.has(mapperPath(group.name, volume, layer)))
    .map(([volume, layer]) => mapperName(group.name, volume, layer));
}
