/**
 * What a device that the file names can be used for. `blank` is a proof, read from the device itself: nothing less
 * may be made a physical volume, for that overwrites it.
 */

import { PV_DATA_START } from '../lvm/commands.ts';
import type {
  BlockDevice,
  DeviceProbe,
  Devices,
  Inventory,
  PhysicalVolume,
  PvUuid,
} from '../lvm/inventory.ts';
import { KEPT_UUID_PREFIX, OUR_UUID_PREFIX } from '../lvm/names.ts';
import { type Bytes, bytes, type Extents, extents } from '../units.ts';
import type { PlannedPv } from './action.ts';
import type { Model, ModelPv } from './model.ts';

export type DeviceUse =
  /** The state holds no block devices: nothing can be said. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'member'; readonly group: string; readonly pv: ModelPv }
  | { readonly kind: 'orphan'; readonly pv: PhysicalVolume }
  /** A run of ours was killed while it made a group of it: our label, and no group was ever written on it. */
  | { readonly kind: 'half-made'; readonly device: BlockDevice; readonly pv: PhysicalVolume }
  /** Its label says that a group uses it, and that group is nowhere. `ours`: a run of ours wrote the label. */
  | { readonly kind: 'of-lost-group'; readonly path: string; readonly ours: boolean }
  | { readonly kind: 'blank'; readonly device: BlockDevice }
  /** `LVM2_member` without a PV in the report: hidden by the devices file, or of another kind of LVM. */
  | { readonly kind: 'hidden-pv'; readonly path: string }
  | { readonly kind: 'in-use'; readonly path: string; readonly by: string }
  | { readonly kind: 'not-blank'; readonly path: string; readonly holds: string };

/** The kernel's path for a path as written; the path itself where no link is known. */
export function kernelPath(inventory: Inventory, named: string): string {
  return inventory.devices?.links.get(named) ?? named;
}

/** The best proof decides: LVM's own report, then what the device says, then who holds it. */
export function useOf(model: Model, named: string): DeviceUse {
  const inventory = model.before;
  const path = kernelPath(inventory, named);
  const samePath = (device: string | null) => device !== null && kernelPath(inventory, device) === path;
  for (const name of inventory.groups.keys()) {
    const pv = [...(model.group(name)?.pvs.values() ?? [])].find((one) => samePath(one.device));
    if (pv) return { kind: 'member', group: name, pv };
  }
  const orphan = [...model.orphans.values()].find((pv) => samePath(pv.device));
  if (orphan) return heldBy(inventory, path) ?? useOfOrphan(inventory, orphan, path);
  if (!inventory.devices) return { kind: 'unknown' };
  const device = inventory.devices.byPath.get(path);
  if (!device) return { kind: 'missing' };
  return useOfPlain(inventory, device, inventory.devices.probes.get(path));
}

function useOfOrphan(inventory: Inventory, pv: PhysicalVolume, path: string): DeviceUse {
  if (!pv.ofLostGroup) return { kind: 'orphan', pv };
  const device = inventory.devices?.byPath.get(path);
  const probe = inventory.devices?.probes.get(path);
  const isOurs = pv.uuid.startsWith(KEPT_UUID_PREFIX);
  if (device && probe && isOurs && isHalfMade(device, probe)) return { kind: 'half-made', device, pv };
  return { kind: 'of-lost-group', path, ours: pv.uuid.startsWith(OUR_UUID_PREFIX) };
}

/** Nothing was ever written behind our label, by LVM or by anybody else, and it can be zeroed. */
function isHalfMade(
  { readOnly }: BlockDevice,
  { neverInGroup, exclusive, signatures }: DeviceProbe,
): boolean {
  return neverInGroup && exclusive && !readOnly && signatures.every((one) => one === 'LVM2_member');
}

function useOfPlain(inventory: Inventory, device: BlockDevice, probe: DeviceProbe | undefined): DeviceUse {
  const { path } = device;
  const held = heldBy(inventory, path);
  if (held) return held;
  const signature = probe?.signature ?? probe?.signatures[0] ?? device.fsType;
  if (signature === 'LVM2_member') return { kind: 'hidden-pv', path };
  if (signature) return { kind: 'not-blank', path, holds: signature };
  if (!probe) return { kind: 'not-blank', path, holds: 'something that was not looked into' };
  if (!probe.exclusive) return { kind: 'in-use', path, by: 'something that holds it open' };
  if (device.readOnly) return { kind: 'in-use', path, by: 'nothing, but it is read-only' };
  if (!probe.zeroEnds) return { kind: 'not-blank', path, holds: 'data in its first or last MiB' };
  return { kind: 'blank', device };
}

function heldBy(inventory: Inventory, path: string): DeviceUse | null {
  const device = inventory.devices?.byPath.get(path);
  const mount = device?.mountPoints[0];
  if (mount) return { kind: 'in-use', path, by: `its mount on ${mount}` };
  const child = device?.children[0];
  if (child) return { kind: 'in-use', path, by: child };
  return null;
}

/** The physical volume that the run makes of a blank device, with the extents that it will have. */
export function plannedOnBlank(
  device: BlockDevice,
  named: string,
  uuid: PvUuid,
  extentSize: Bytes,
): PlannedPv {
  const count = pvExtents(device.size, PV_DATA_START, extentSize);
  return { device: device.path, named, uuid, make: true, deviceSize: device.size, extents: count };
}

export function plannedOnOrphan(pv: PhysicalVolume, named: string, extentSize: Bytes): PlannedPv {
  return {
    device: pv.device ?? named,
    named,
    uuid: pv.uuid,
    make: false,
    deviceSize: pv.deviceSize,
    extents: pvExtents(pv.deviceSize, pv.dataStart, extentSize),
  };
}

/** Where the state tells nothing of devices: planned as blank and large enough, with a warning beside it. */
export function plannedOnUnknown(named: string, uuid: PvUuid): PlannedPv {
  return { device: named, named, uuid, make: true, deviceSize: bytes(0), extents: extents(0) };
}

/** One metadata copy stands before the data, so whole extents fill the rest. */
function pvExtents(deviceSize: Bytes, dataStart: Bytes, extentSize: Bytes): Extents {
  return extents(Math.max(0, Math.floor((deviceSize - dataStart) / extentSize)));
}

/** Kernel paths of the disks that a device lies on, itself where it lies on nothing. */
export function disksUnder(inventory: Inventory, path: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (one: string): void => {
    if (seen.has(one)) return;
    seen.add(one);
    const device = inventory.devices?.byPath.get(one);
    if (!device || device.parents.length === 0) found.add(one);
    for (const parent of device?.parents ?? []) visit(parent);
  };
  visit(kernelPath(inventory, path));
  return found;
}

/** What a plain device is known by, whatever its path is today; null where it has nothing of the kind. */
export function deviceId(devices: Devices, device: BlockDevice): string | null {
  const probe = devices.probes.get(device.path);
  return probe?.partUuid ?? device.partUuid ?? device.wwn ?? device.serial;
}
