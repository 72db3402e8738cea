/** Builders of inventories for tests: every field has a sensible default, a test names only what it is about. */
import type {
  BlockDevice,
  DeviceProbe,
  Group,
  Inventory,
  PhysicalVolume,
  Volume,
} from '../../src/lvm/inventory.ts';
import { type Bytes, bytes, bytesOf, type Extents, extents, MiB } from '../../src/units.ts';

export const EXTENT = bytes(4 * MiB);

export function aVolume(group: string, name: string, count: number, traits: Partial<Volume> = {}): Volume {
  return {
    name,
    group,
    uuid: `uuid-${group}-${name}`,
    size: bytesOf(extents(count), EXTENT),
    extents: extents(count),
    roles: ['public'],
    layout: ['linear'],
    hidden: false,
    origin: null,
    pool: null,
    thinId: null,
    tags: [],
    active: true,
    open: false,
    skipActivation: false,
    readOnly: false,
    health: '',
    snapshotInvalid: false,
    merging: false,
    dataPercent: null,
    metadataPercent: null,
    chunkSize: null,
    allocation: [],
    ...traits,
  };
}

export function aPv(
  device: string,
  count: number,
  free = count,
  traits: Partial<PhysicalVolume> = {},
): PhysicalVolume {
  return {
    uuid: `pv-${device}`,
    device,
    allocatable: true,
    deviceSize: bytes(count * EXTENT + MiB),
    dataStart: MiB,
    extents: extents(count),
    free: extents(free),
    freeSegments: free > 0 ? [{ start: count - free, length: extents(free) }] : [],
    ...traits,
  };
}

/** A group whose volumes all lie on its first device, unless they say otherwise. */
export function aGroup(
  name: string,
  devices: readonly { device: string; extents: number }[],
  volumes: readonly Volume[] = [],
  traits: Partial<Group> = {},
): Group {
  const extentSize = traits.extentSize ?? EXTENT;
  const [first] = devices;
  const placed = volumes.map((volume) => ({
    ...volume,
    group: name,
    size: bytesOf(volume.extents, extentSize),
    allocation:
      volume.allocation.length > 0 || !first
        ? volume.allocation
        : [{ pv: `pv-${first.device}`, extents: volume.extents }],
  }));
  const pvs = devices.map(({ device, extents: count }) => {
    const taken = placed.flatMap((volume) => volume.allocation).filter(({ pv }) => pv === `pv-${device}`);
    return aPv(device, count, count - taken.reduce((sum, one) => sum + one.extents, 0), {
      deviceSize: bytes(count * extentSize + MiB),
    });
  });
  const sum = (pick: (pv: PhysicalVolume) => Extents) =>
    extents(pvs.reduce((total, pv) => total + pick(pv), 0));
  return {
    name,
    uuid: `uuid-${name}`,
    extentSize,
    seqno: 41,
    extents: sum((pv) => pv.extents),
    free: sum((pv) => pv.free),
    tags: [],
    autoactivation: true,
    unusable: null,
    pvs: new Map(pvs.map((pv) => [pv.uuid, pv])),
    volumes: new Map(placed.map((volume) => [volume.name, volume])),
    ...traits,
  };
}

export function aDevice(path: string, size: number, traits: Partial<BlockDevice> = {}): BlockDevice {
  return {
    path,
    type: 'part',
    size: bytes(size),
    logicalSector: bytes(512),
    physicalSector: bytes(512),
    readOnly: false,
    rotational: false,
    removable: false,
    fsType: null,
    mountPoints: [],
    readOnlyMounts: [],
    parents: [],
    children: [],
    partUuid: null,
    wwn: null,
    serial: null,
    ...traits,
  };
}

/** What a blank device says of itself. */
export function aProbe(path: string, traits: Partial<DeviceProbe> = {}): DeviceProbe {
  return {
    path,
    signature: null,
    uuid: null,
    partUuid: null,
    signatures: [],
    exclusive: true,
    zeroEnds: true,
    neverInGroup: false,
    ...traits,
  };
}

export function anInventory(options: {
  groups?: readonly Group[];
  orphans?: readonly PhysicalVolume[];
  devices?: readonly BlockDevice[];
  probes?: readonly DeviceProbe[];
  links?: Readonly<Record<string, string>>;
  devicesFile?: readonly string[] | null;
}): Inventory {
  const { groups = [], orphans = [], devices = [], probes, links = {}, devicesFile = null } = options;
  const probed = probes ?? devices.map(({ path }) => aProbe(path));
  return {
    lvmVersion: '2.03.16',
    groups: new Map(groups.map((group) => [group.name, group])),
    orphans: new Map(orphans.map((pv) => [pv.uuid, pv])),
    devices: {
      byPath: new Map(devices.map((device) => [device.path, device])),
      links: new Map(Object.entries(links)),
      probes: new Map(probed.map((probe) => [probe.path, probe])),
    },
    outdated: [],
    devicesFile,
  };
}

/** A disk on which exactly `count` extents fit when the run makes a PV of it. */
export function diskOf(count: number, extentSize: Bytes = EXTENT): number {
  return count * extentSize + MiB;
}
