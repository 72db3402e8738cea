/**
 * The inventory as it will be: a working copy on which actions are performed one after the other.
 *
 * It is mutable on purpose: a plan over ten thousand volumes performs as many actions, and a fresh copy of a group
 * for each would cost the square of that. The copy is made group by group, when a group is first changed; the
 * inventory it came from is never touched.
 */
import type { Allocation, Group, Inventory, PhysicalVolume, PvUuid, Volume } from '../lvm/inventory.ts';
import { type Extents, extents } from '../units.ts';
import { snapshotKey } from './origins.ts';

/**
 * Allocations that had to span several physical volumes: LVM chose how much went where, so only the sum is known
 * until the last of them is removed, which gives back what was free before.
 */
export interface Blur {
  readonly freeBefore: ReadonlyMap<PvUuid, Extents>;
  readonly volumes: Map<string, Extents>;
}

export interface ModelPv extends Omit<PhysicalVolume, 'free' | 'extents'> {
  readonly extents: Extents;
  free: Extents;
  /** Joined for the run only. */
  lent: boolean;
  /** The state does not tell its size: it is taken to be large enough, and counts in no total. */
  readonly boundless: boolean;
}

export interface ModelGroup
  extends Omit<Group, 'pvs' | 'volumes' | 'free' | 'extents' | 'tags' | 'unusable' | 'autoactivation'> {
  tags: readonly string[];
  autoactivation: boolean;
  unusable: Group['unusable'];
  readonly pvs: Map<PvUuid, ModelPv>;
  readonly volumes: Map<string, Volume>;
  blur: Blur | null;
  /** By volume: extents that are kept for it to grow into. */
  readonly reserved: Map<string, Allocation>;
  /** How many snapshots each origin has, by `snapshotKey`. */
  readonly snapshotsOf: Map<string, number>;
}

export class Model {
  readonly #groups = new Map<string, ModelGroup>();
  readonly #orphans: Map<PvUuid, PhysicalVolume>;

  constructor(readonly before: Inventory) {
    this.#orphans = new Map(before.orphans);
  }

  /** The group to look at or to change; undefined where there is none of that name. */
  group(name: string): ModelGroup | undefined {
    const copied = this.#groups.get(name);
    if (copied) return copied;
    const group = this.before.groups.get(name);
    if (!group) return undefined;
    const copy = copyOf(group);
    this.#groups.set(name, copy);
    return copy;
  }

  volume(path: string): Volume | undefined {
    const [group, name] = splitPath(path);
    return this.group(group)?.volumes.get(name);
  }

  get orphans(): ReadonlyMap<PvUuid, PhysicalVolume> {
    return this.#orphans;
  }

  addGroup(group: ModelGroup): void {
    this.#groups.set(group.name, group);
  }

  addOrphan(pv: PhysicalVolume): void {
    this.#orphans.set(pv.uuid, pv);
  }

  takeOrphan(uuid: PvUuid): void {
    this.#orphans.delete(uuid);
  }

  /** What was changed so far, as an inventory of its own. Groups that nobody touched are the very same objects. */
  inventory(): Inventory {
    const groups = new Map(this.before.groups);
    for (const [name, group] of this.#groups) groups.set(name, frozen(group));
    return { ...this.before, groups, orphans: new Map(this.#orphans) };
  }
}

/** The group of `VG/LV`, or of `VG` alone. */
export function groupOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}

/** `VG/LV` to its two names. */
export function splitPath(path: string): [group: string, name: string] {
  const slash = path.indexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
}

/** Free extents of the whole group. */
export function freeOf(group: ModelGroup): Extents {
  let free = 0;
  for (const pv of group.pvs.values()) if (!pv.boundless) free += pv.free;
  for (const taken of group.blur?.volumes.values() ?? []) free -= taken;
  return extents(free);
}

export function extentsOf(group: ModelGroup): Extents {
  let all = 0;
  for (const pv of group.pvs.values()) all += pv.extents;
  return extents(all);
}

/** Takes extents of one physical volume. */
export function takeFrom(pv: ModelPv, count: Extents): void {
  if (!pv.boundless) pv.free = extents(pv.free - count);
}

/** Takes extents of several physical volumes at once, by `volume`: from then on only their sum is known. */
export function takeSpanning(
  group: ModelGroup,
  pvs: readonly ModelPv[],
  volume: string,
  count: Extents,
): void {
  const freeBefore = new Map(group.blur?.freeBefore);
  for (const pv of pvs) if (!freeBefore.has(pv.uuid)) freeBefore.set(pv.uuid, pv.free);
  const volumes = new Map(group.blur?.volumes);
  volumes.set(volume, extents((volumes.get(volume) ?? 0) + count));
  group.blur = { freeBefore, volumes };
}

/** Gives back all that a volume took, and what was kept for it. */
export function giveBack(group: ModelGroup, volume: Volume): void {
  const kept = group.reserved.get(volume.name);
  for (const { pv: uuid, extents: count } of [...volume.allocation, ...(kept ? [kept] : [])]) {
    const pv = group.pvs.get(uuid);
    if (pv && !pv.boundless) pv.free = extents(pv.free + count);
  }
  group.reserved.delete(volume.name);
  group.blur?.volumes.delete(volume.name);
  if (group.blur?.volumes.size === 0) group.blur = null;
}

/** What a volume took, it has under another name from now on. */
export function renameTaken(group: ModelGroup, from: string, to: string): void {
  const taken = group.blur?.volumes.get(from);
  if (taken === undefined) return;
  group.blur?.volumes.delete(from);
  group.blur?.volumes.set(to, taken);
}

/** Whether the exact free count of that physical volume is known. */
export function isBlurred(group: ModelGroup, pv: ModelPv): boolean {
  return group.blur?.freeBefore.has(pv.uuid) ?? false;
}

export function addAllocation(list: readonly Allocation[], more: Allocation): Allocation[] {
  const known = list.some(({ pv }) => pv === more.pv);
  if (!known) return [...list, more];
  return list.map((one) =>
    one.pv === more.pv ? { pv: one.pv, extents: extents(one.extents + more.extents) } : one,
  );
}

function copyOf(group: Group): ModelGroup {
  const pvs = new Map<PvUuid, ModelPv>();
  for (const [uuid, pv] of group.pvs) pvs.set(uuid, { ...pv, lent: false, boundless: false });
  const volumes = new Map(group.volumes);
  return {
    ...group,
    pvs,
    volumes,
    blur: null,
    reserved: new Map(),
    snapshotsOf: countSnapshots(volumes.values()),
  };
}

function countSnapshots(volumes: Iterable<Volume>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const volume of volumes) {
    if (volume.origin === null) continue;
    const key = snapshotKey(volume);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function frozen(group: ModelGroup): Group {
  const { blur: _, snapshotsOf: _counts, reserved: _kept, pvs, ...rest } = group;
  const plain = new Map<PvUuid, PhysicalVolume>();
  for (const [uuid, { lent: _lent, boundless: _boundless, ...pv }] of pvs) plain.set(uuid, pv);
  return { ...rest, extents: extentsOf(group), free: freeOf(group), pvs: plain };
}
