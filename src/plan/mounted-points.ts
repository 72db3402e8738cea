/** Restore points that are in use or were left so, found in the state itself: nothing else is remembered of mounts. */
import type { BlockDevice, Inventory, Volume } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { OVERLAY_PREFIX } from '../lvm/names.ts';
import { isOwned, readBackupRecord, tagValues } from '../lvm/tags.ts';
import { pointIn, type RestorePoint } from './restore-points.ts';

export interface MountedPoint {
  readonly point: RestorePoint;
  /** In device-mapper: the layer that a journal was replayed into; null where there is none. */
  readonly overlay: string | null;
}

/** What `lvmbackup mount` mounted on that folder; null where it is something else. */
export function mountedOn(inventory: Inventory, folder: string): MountedPoint | null {
  const devices = [...(inventory.devices?.byPath.values() ?? [])];
  const device = devices.find(({ mountPoints }) => mountPoints.includes(folder));
  if (!device) return null;
  const overlay = overlayName(device);
  const paths = overlay === null ? [device.path] : device.parents;
  const point = pointsOf(inventory).find(({ volume }) =>
    paths.includes(mapperPath(volume.group, volume.name)),
  );
  return point ? { point, overlay } : null;
}

/** Layers that nothing mounts: left by a mount that was killed, or that was ended by other hands. */
export function idleOverlays(inventory: Inventory): string[] {
  return [...(inventory.devices?.byPath.values() ?? [])].flatMap((device) => {
    const name = overlayName(device);
    return name !== null && device.mountPoints.length === 0 && device.children.length === 0 ? [name] : [];
  });
}

function overlayName({ path }: BlockDevice): string | null {
  const name = path.replace(/^\/dev\/mapper\//, '');
  return name.startsWith(OVERLAY_PREFIX) ? name : null;
}

/** Points that are active and that nobody has open: between runs they are inactive. */
export function idlePoints(inventory: Inventory): RestorePoint[] {
  return pointsOf(inventory).filter(({ volume }) => volume.active && !volume.open);
}

/** A pool of ours of which no volume is active once `without` is not; null where there is none, or it is not active. */
export function idlePool(inventory: Inventory, without: Volume): string | null {
  const group = inventory.groups.get(without.group);
  const pool = without.pool === null ? undefined : group?.volumes.get(without.pool);
  if (!group || !pool?.active || !isOwned(pool.tags)) return null;
  const others = [...group.volumes.values()].some(
    (one) => one.pool === pool.name && one.active && one.name !== without.name && !one.hidden,
  );
  return others ? null : `${group.name}/${pool.name}`;
}

/** Targets of restores that did not come to their end: volumes, and devices by the name of their source or their id. */
export function unfinishedRestores(inventory: Inventory): string[] {
  const targets = volumesOf(inventory).flatMap(({ group, name, tags }) => {
    const record = readBackupRecord(tags);
    const restoring = tagValues(tags, 'restoring');
    if (record === null) return restoring.length > 0 ? [`${group}/${name}`] : [];
    return restoring.map((id) => (id === record.sourceId ? record.source : id));
  });
  return [...new Set(targets)];
}

/** The backup volumes that say of the device with this id that it is being restored: it has no tags of its own. */
export function markedVolumes(inventory: Inventory, id: string): string[] {
  return volumesOf(inventory)
    .filter(({ tags }) => isOwned(tags) && tagValues(tags, 'restoring').includes(id))
    .map(({ group, name }) => `${group}/${name}`);
}

function volumesOf(inventory: Inventory): Volume[] {
  return [...inventory.groups.values()].flatMap((group) => [...group.volumes.values()]);
}

function pointsOf(inventory: Inventory): RestorePoint[] {
  return volumesOf(inventory).flatMap((volume) => pointIn(volume) ?? []);
}
