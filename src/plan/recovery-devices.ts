/** Devices that dead runs lent: given back where they are there, and when they come back. */
import type { BlockDevice, DeviceProbe, Group, Inventory, PvUuid } from '../lvm/inventory.ts';
import { isLentUuid } from '../lvm/names.ts';
import { tagValues } from '../lvm/tags.ts';
import { bytes, bytesOf, extents } from '../units.ts';
import type { ActionId, PlannedPv } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { RECOVERS } from './left.ts';

export function emitGivingBack(
  builder: PlanBuilder,
  inventory: Inventory,
  group: Group,
  uuid: PvUuid,
  needs: readonly ActionId[],
): PlannedPv {
  const member = group.pvs.get(uuid);
  const found = member ?? inventory.orphans.get(uuid);
  const device = found?.device ?? uuid;
  const pv: PlannedPv = {
    ...{ device, named: device, uuid, make: tagValues(group.tags, 'made').includes(uuid) },
    deviceSize: inventory.devices?.byPath.get(device)?.size ?? found?.deviceSize ?? bytes(0),
    extents: member?.extents ?? extents(0),
  };
  builder.add({
    ...{
      type: 'group.reduce',
      ...RECOVERS,
      target: group.name,
      device,
      pv,
      needs: needs.length > 0 ? needs : undefined,
    },
    standing: { inGroup: member !== undefined, labelled: found !== undefined, tagged: true, outdated: false },
    forgetDevice: inventory.devicesFile !== null && found !== undefined && pv.make,
    extents: pv.extents,
    bytes: bytesOf(pv.extents, group.extentSize),
    reason: 'lent by a run that is dead',
  });
  return pv;
}

/** Our label proves whose it is; of a physical volume that was there before, nothing does. */
export function isReturned(inventory: Inventory, uuid: PvUuid): boolean {
  return isLentUuid(uuid) && inventory.outdated.some((one) => one.uuid === uuid);
}

/** A disk that was away while its loan was ended: LVM calls it outdated until it is told that it is out. */
export function emitReturned(
  builder: PlanBuilder,
  inventory: Inventory,
  { device, group, uuid }: { device: string; group: string; uuid: PvUuid },
): PlannedPv {
  const deviceSize = inventory.devices?.byPath.get(device)?.size ?? bytes(0);
  const pv: PlannedPv = { device, named: device, uuid, make: true, deviceSize, extents: extents(0) };
  builder.add({
    ...{ type: 'group.reduce', ...RECOVERS, target: group, device, pv },
    standing: { inGroup: false, labelled: true, tagged: true, outdated: true },
    forgetDevice: inventory.devicesFile !== null,
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'lent by a run that is dead, and away while that was put right',
  });
  return pv;
}

/** The block devices as they will be: nothing of ours on those that were given back. */
export function withDevicesBack(inventory: Inventory, pvs: readonly PlannedPv[]): Inventory {
  const { devices } = inventory;
  if (!devices) return { ...inventory, outdated: [] };
  const byPath = new Map(devices.byPath);
  const probes = new Map(devices.probes);
  for (const { device, make } of pvs) {
    const known = byPath.get(device);
    if (known) byPath.set(device, released(known, make));
    const probe = probes.get(device);
    if (probe && make) probes.set(device, blank(probe));
  }
  return { ...inventory, outdated: [], devices: { ...devices, byPath, probes } };
}

function released(device: BlockDevice, made: boolean): BlockDevice {
  return { ...device, children: [], ...(made ? { fsType: null } : {}) };
}

function blank(probe: DeviceProbe): DeviceProbe {
  return { ...probe, signature: null, uuid: null, signatures: [], exclusive: true, zeroEnds: true };
}
