/**
 * A machine as small as it can be and still have all that matters: plain values that are copied before each change,
 * so that every state that a run passes through can be kept, compared and gone on from.
 */
import type { Group, Inventory, PhysicalVolume, Volume } from '../../src/lvm/inventory.ts';
import { isOwned } from '../../src/lvm/tags.ts';
import { bytes, bytesOf, extents, MiB } from '../../src/units.ts';
import { aDevice, aProbe, EXTENT } from '../helpers/machine.ts';

export interface Disk {
  /** Extents that fit on it behind the first MiB. */
  readonly extents: number;
  /** It is plugged in. */
  present: boolean;
  /** The group is the one that its own metadata names; LVM may have gone on without it. */
  label: { uuid: string; group: string | null } | null;
  /** Whether its first and its last MiB hold anything; what we leave of a label of ours counts as nothing. */
  start: 'zero' | 'used' | 'rest of a label';
  end: 'zero' | 'used';
}

export interface Lv {
  uuid: string;
  extents: number;
  tags: string[];
  active: boolean;
  skip: boolean;
  origin: string | null;
  /** Whose bytes it holds, of when: `root@now`; `torn`: of no one moment. */
  content: string;
  invalid: boolean;
  on: { pv: string; extents: number }[];
}

export interface Vg {
  uuid: string;
  autoactivation: boolean;
  tags: string[];
  /** By UUID: the extents that it brings. */
  pvs: Record<string, number>;
  lvs: Record<string, Lv>;
}

export interface State {
  disks: Record<string, Disk>;
  groups: Record<string, Vg>;
}

export const copyOf = (state: State): State => JSON.parse(JSON.stringify(state)) as State;

/** The same text for the same state, whatever the order in which it came to be. */
export function keyOf(state: State): string {
  return JSON.stringify(state, (key, value) => {
    if (key === 'tags') return [...value].sort();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function diskOf(state: State, uuid: string): [path: string, disk: Disk] | null {
  return Object.entries(state.disks).find(([, { label }]) => label?.uuid === uuid) ?? null;
}

export function isMissing(state: State, uuid: string): boolean {
  return diskOf(state, uuid)?.[1].present !== true;
}

export function isBlank({ label, start, end }: Disk): boolean {
  return label === null && start !== 'used' && end === 'zero';
}

export function freeOn(group: Vg, uuid: string): number {
  let free = group.pvs[uuid] ?? 0;
  for (const { on } of Object.values(group.lvs))
    for (const { pv, extents: taken } of on) if (pv === uuid) free -= taken;
  return free;
}

export function isPartial(state: State, group: Vg): boolean {
  return Object.keys(group.pvs).some((uuid) => isMissing(state, uuid));
}

/** What LVM and the devices would report. */
export function inventoryOf(state: State): Inventory {
  const disks = Object.entries(state.disks).filter(([, { present }]) => present);
  const orphans = disks.flatMap(([path, disk]) => {
    const { label } = disk;
    return label && label.group === null ? [[label.uuid, orphan(path, disk, label.uuid)] as const] : [];
  });
  return {
    lvmVersion: '2.03.16',
    groups: new Map(Object.entries(state.groups).map(([name, group]) => [name, groupOf(state, name, group)])),
    orphans: new Map(orphans),
    outdated: disks.flatMap(([device, { label }]) => {
      if (!label || label.group === null || state.groups[label.group]?.pvs[label.uuid] !== undefined)
        return [];
      return { device, group: label.group, uuid: label.uuid };
    }),
    devices: {
      byPath: new Map(disks.map(([path, disk]) => [path, aDevice(path, sizeOf(disk))])),
      links: new Map(),
      probes: new Map(disks.map(([path, disk]) => [path, probeOf(state, path, disk)])),
    },
    devicesFile: null,
  };
}

const sizeOf = (disk: Disk) => disk.extents * EXTENT + MiB;

function probeOf(state: State, path: string, disk: Disk) {
  const held = Object.values(state.groups).some(({ lvs }) =>
    Object.values(lvs).some(({ active, on }) => active && on.some(({ pv }) => pv === disk.label?.uuid)),
  );
  return aProbe(path, {
    signature: disk.label ? 'LVM2_member' : null,
    signatures: disk.label ? ['LVM2_member'] : [],
    exclusive: !held,
    zeroEnds: disk.start !== 'used' && disk.end === 'zero',
  });
}

function orphan(device: string, disk: Disk, uuid: string): PhysicalVolume {
  return {
    ...{ uuid, device, allocatable: false, deviceSize: bytes(sizeOf(disk)), dataStart: bytes(MiB) },
    ...{ extents: extents(0), free: extents(0), freeSegments: [] },
  };
}

function groupOf(state: State, name: string, group: Vg): Group {
  const pvs = Object.entries(group.pvs).map(([uuid, count]) => pvOf(state, group, uuid, count));
  const sum = (pick: (pv: PhysicalVolume) => number) =>
    extents(pvs.reduce((total, pv) => total + pick(pv), 0));
  return {
    ...{ name, uuid: group.uuid, extentSize: EXTENT, seqno: 1, tags: group.tags },
    ...{ autoactivation: group.autoactivation, unusable: isPartial(state, group) ? 'partial' : null },
    ...{ extents: sum((pv) => pv.extents), free: sum((pv) => pv.free) },
    pvs: new Map(pvs.map((pv) => [pv.uuid, pv])),
    volumes: new Map(Object.entries(group.lvs).map(([lv, it]) => [lv, volumeOf(state, name, group, lv, it)])),
  };
}

function pvOf(state: State, group: Vg, uuid: string, count: number): PhysicalVolume {
  const found = diskOf(state, uuid);
  const free = extents(freeOn(group, uuid));
  return {
    ...{ uuid, device: found?.[1].present ? found[0] : null, allocatable: true, dataStart: bytes(MiB) },
    ...{ deviceSize: bytes(found ? sizeOf(found[1]) : 0), extents: extents(count), free },
    freeSegments: free > 0 ? [{ start: count - free, length: free }] : [],
  };
}

function volumeOf(state: State, groupName: string, group: Vg, name: string, lv: Lv): Volume {
  const isOrigin = Object.values(group.lvs).some(({ origin }) => origin === name);
  const partial = lv.on.some(({ pv }) => isMissing(state, pv));
  return {
    ...{ name, group: groupName, uuid: lv.uuid, extents: extents(lv.extents) },
    size: bytesOf(extents(lv.extents), EXTENT),
    roles: [
      'public',
      ...(lv.origin === null ? [] : ['snapshot', 'thicksnapshot']),
      ...(isOrigin ? ['origin', 'thickorigin'] : []),
    ],
    ...{ layout: ['linear'], hidden: false, origin: lv.origin, pool: null, thinId: null, tags: lv.tags },
    ...{ active: lv.active, open: false, skipActivation: lv.skip, readOnly: lv.origin !== null },
    ...{
      health: partial ? 'partial' : '',
      snapshotInvalid: lv.invalid,
      merging: false,
      dataPercent: null,
      metadataPercent: null,
    },
    chunkSize: lv.origin === null ? null : bytes(4096),
    allocation: lv.on.map(({ pv, extents: count }) => ({ pv, extents: extents(count) })),
  };
}

/** `VG/LV` and what it is, of every volume. */
export function volumesOf(state: State): [path: string, lv: Lv][] {
  return Object.entries(state.groups).flatMap(([group, { lvs }]) =>
    Object.entries(lvs).map(([name, lv]): [string, Lv] => [`${group}/${name}`, lv]),
  );
}

export const isOurs = ({ tags }: Lv) => isOwned(tags);
