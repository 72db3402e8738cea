/**
 * What a first backup.yaml could say, from the machine alone: where the backups could go, what there is to back up, and
 * what could be lent. Pure; whether it holds, the planner tells.
 */
import { neverOverflowExtents } from '../lvm/cow-size.ts';
import type { BlockDevice, Group, Inventory, Volume } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { groupNameFault } from '../lvm/names.ts';
import { isOwned } from '../lvm/tags.ts';
import { type Bytes, bytesOf, extentsFor } from '../units.ts';
import { useOf } from './devices.ts';
import { Model } from './model.ts';

/** Where the backups could go. */
export type GroupChoice =
  | { readonly kind: 'existing'; readonly name: string; readonly free: Bytes; readonly why: string }
  | { readonly kind: 'new'; readonly name: string; readonly device: FreeDevice };

/** A blank device, by the name that stays. */
export interface FreeDevice {
  readonly path: string;
  readonly named: string;
  readonly size: Bytes;
}

export interface FoundSource {
  readonly source: string;
  readonly group: string;
  readonly name: string;
  readonly size: Bytes;
  /** The group's own free extents hold no snapshot that can never overflow. */
  readonly needsLoan: boolean;
}

/** A mounted partition that is no LVM: it has no snapshot. */
export interface FoundPartition {
  readonly named: string;
  readonly mountPoint: string;
  readonly size: Bytes;
}

/** The likeliest first. `asked`: the name that the caller gave, null where there is none. */
export function groupChoices(inventory: Inventory, asked: string | null): GroupChoice[] {
  const groups = [...inventory.groups.values()].filter(
    ({ unusable, name }) => unusable === null && groupNameFault(name) === null,
  );
  if (asked !== null) {
    const group = groups.find(({ name }) => name === asked);
    return group ? [existing(group, 'asked for')] : newGroups(inventory, asked);
  }
  const holds = (group: Group) => [...group.volumes.values()].filter(({ hidden }) => !hidden);
  const [withBackups, rest] = split(groups, (group) => holds(group).some(({ tags }) => isOwned(tags)));
  const [empty, used] = split(rest, (group) => holds(group).length === 0);
  return [
    ...withBackups.map((group) => existing(group, 'holds backups already')),
    ...empty.map((group) => existing(group, 'has no volume yet')),
    ...newGroups(inventory, freeName(inventory)),
    ...used
      .filter(({ free }) => free > 0)
      .sort(byFree)
      .map((group) => existing(group, 'has free extents')),
  ];
}

const byFree = (a: Group, b: Group) =>
  bytesOf(b.free, b.extentSize) - bytesOf(a.free, a.extentSize) || (a.name < b.name ? -1 : 1);

function existing(group: Group, why: string): GroupChoice {
  return { kind: 'existing', name: group.name, free: bytesOf(group.free, group.extentSize), why };
}

function newGroups(inventory: Inventory, name: string): GroupChoice[] {
  return freeDevices(inventory).map((device) => ({ kind: 'new', name, device }));
}

function freeName({ groups }: Inventory): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? 'backups' : `backups${count}`;
    if (!groups.has(name)) return name;
  }
}

function split<T>(list: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [list.filter(isFirst), list.filter((one) => !isFirst(one))];
}

/** Proven blank, the largest first. */
export function freeDevices(inventory: Inventory): FreeDevice[] {
  const { devices } = inventory;
  if (!devices) return [];
  const model = new Model(inventory);
  return [...devices.byPath.values()]
    .filter(({ type }) => ['disk', 'part', 'crypt'].includes(type))
    .filter(({ path }) => useOf(model, path).kind === 'blank')
    .map(({ path, size }) => ({ path, size, named: stableName(inventory, path) }))
    .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
}

/** A name that is the same after a reboot, where there is one. */
function stableName({ devices }: Inventory, path: string): string {
  const names = [...(devices?.links ?? [])].filter(([, target]) => target === path).map(([name]) => name);
  for (const folder of ['by-id', 'by-partuuid', 'by-uuid', 'by-path']) {
    const [name] = names.filter((one) => one.startsWith(`/dev/disk/${folder}/`)).sort(byLength);
    if (name !== undefined) return name;
  }
  return path;
}

const byLength = (a: string, b: string) => a.length - b.length || (a < b ? -1 : 1);

export interface FoundSources {
  readonly sources: readonly FoundSource[];
  /** What is none, and why. */
  readonly leftOut: readonly { readonly source: string; readonly reason: string }[];
}

export function findSources(inventory: Inventory, backupGroup: string): FoundSources {
  const leftOut: { source: string; reason: string }[] = [];
  const sources: FoundSource[] = [];
  for (const group of [...inventory.groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const volumes = [...group.volumes.values()].filter((volume) => !volume.hidden && !isOwned(volume.tags));
    for (const volume of volumes.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const source = `${group.name}/${volume.name}`;
      const reason = whyNot(inventory, group, volume);
      if (reason !== null) leftOut.push({ source, reason });
      else sources.push(found(group, volume, source));
    }
  }
  const own = (one: FoundSource) => Number(one.group === backupGroup);
  return { sources: sources.sort((a, b) => own(a) - own(b)), leftOut };
}

function found(group: Group, volume: Volume, source: string): FoundSource {
  const snapshot = neverOverflowExtents(bytesOf(volume.extents, group.extentSize), group.extentSize);
  return {
    ...{ source, group: group.name, name: volume.name, size: volume.size },
    needsLoan: snapshot > group.free,
  };
}

function whyNot(inventory: Inventory, group: Group, volume: Volume): string | null {
  if (group.unusable !== null) return `its group is ${group.unusable}`;
  if (volume.layout.includes('pool')) return 'is a pool';
  if (volume.roles.includes('snapshot') || volume.origin !== null) return 'is a snapshot';
  if (!volume.roles.includes('public')) return 'is not public';
  const path = mapperPath(group.name, volume.name);
  const { devices } = inventory;
  const type = devices?.probes.get(path)?.signature ?? devices?.byPath.get(path)?.fsType;
  const mounts = devices?.byPath.get(path)?.mountPoints ?? [];
  return type === 'swap' || mounts.includes('[SWAP]') ? 'is swap' : null;
}

/** The smallest that is large enough for the largest snapshot beside what the groups have themselves. */
export function devicesToLend(
  inventory: Inventory,
  sources: readonly FoundSource[],
  taken: readonly string[],
): FreeDevice[] {
  const need = sources.filter(({ needsLoan }) => needsLoan);
  if (need.length === 0) return [];
  return freeDevices(inventory)
    .filter(({ path }) => !taken.some((other) => isPartOf(inventory, other, path)))
    .filter(({ size }) => need.some((source) => size >= missingBytes(inventory, source)))
    .sort((a, b) => Number(sufficesForAll(b)) - Number(sufficesForAll(a)) || a.size - b.size);

  function sufficesForAll({ size }: FreeDevice): boolean {
    return need.every((source) => size >= missingBytes(inventory, source));
  }
}

/** A whole disk holds its partitions. */
function isPartOf({ devices }: Inventory, a: string, b: string): boolean {
  const related = (one: string, other: string) => devices?.byPath.get(one)?.parents.includes(other) ?? false;
  return a === b || related(a, b) || related(b, a);
}

/** What the group lacks for a snapshot of it, and a MiB for the label. */
function missingBytes({ groups }: Inventory, { group: name, size }: FoundSource): number {
  const group = groups.get(name);
  if (!group) return Number.POSITIVE_INFINITY;
  const origin = bytesOf(extentsFor(size, group.extentSize), group.extentSize);
  const lacking = neverOverflowExtents(origin, group.extentSize) - group.free;
  return lacking * group.extentSize + 1024 ** 2;
}

/** What boots the machine, and is no LVM. */
export function findPartitions(inventory: Inventory): FoundPartition[] {
  const devices = [...(inventory.devices?.byPath.values() ?? [])];
  return devices.flatMap((device) => {
    const mountPoint = bootMount(device);
    return mountPoint === undefined
      ? []
      : [{ named: stableName(inventory, device.path), mountPoint, size: device.size }];
  });
}

function bootMount({ type, mountPoints }: BlockDevice): string | undefined {
  return type === 'part' ? mountPoints.find((point) => /^\/boot(\/|$)/.test(point)) : undefined;
}
