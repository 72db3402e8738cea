/**
 * The whole truth about what an action does to groups, volumes and free extents. The planner builds by performing
 * each action here first; the tests of apply use it as their LVM; the lab compares its prediction with LVM's report.
 *
 * What the model does not say: which extents of a physical volume are taken (only how many), and, for an allocation
 * that spans several, how many on each; UUIDs and times that LVM gives; the metadata's sequence number.
 */
import type { Inventory, PhysicalVolume, PvUuid, Volume } from '../lvm/inventory.ts';
import { isDetail, OWNED, tag } from '../lvm/tags.ts';
import { type Bytes, bytes, bytesOf, type Extents, extents } from '../units.ts';
import type {
  Action,
  CopyAction,
  Draft,
  GroupCreate,
  GroupExtend,
  GroupReduce,
  GroupRepair,
  Placement,
  PlannedPv,
  PointCreate,
  PointRemove,
  PoolCreate,
  RestoreTraits,
  SnapshotCreate,
  SnapshotKeep,
  SnapshotRemove,
  VolumeCreate,
  VolumeExtend,
  VolumeRemove,
} from './action.ts';
import { freeOn } from './allocate.ts';
import {
  addAllocation,
  giveBack,
  isBlurred,
  Model,
  type ModelGroup,
  type ModelPv,
  renameTaken,
  splitPath,
  takeFrom,
  takeSpanning,
} from './model.ts';
import { countSnapshot, deactivateOrigin } from './origins.ts';
import { baseTags, identityTags, loanTags, runTags, stateTags } from './ownership.ts';
import {
  isPool,
  isThin,
  orphanSnapshots,
  partsOfPool,
  plain,
  poolVolumes,
  spareName,
  spareOf,
} from './thin-model.ts';

/** Why an action cannot be performed on that inventory. Nothing was changed then. */
export type Fault =
  | {
      readonly code: 'insufficient-space';
      readonly group: string;
      readonly needed: Extents;
      readonly available: number;
    }
  | { readonly code: 'name-taken'; readonly what: string }
  | { readonly code: 'missing'; readonly what: string }
  | { readonly code: 'in-use'; readonly what: string };

/** The inventory after these actions, or the first that cannot be. The inventory given is left as it is. */
export function simulate(
  inventory: Inventory,
  actions: readonly Action[],
): { inventory: Inventory } | { fault: Fault; action: Action } {
  const model = new Model(inventory);
  for (const action of actions) {
    const fault = perform(model, action);
    if (fault) return { fault, action };
  }
  return { inventory: model.inventory() };
}

/** Performs the action on the model; on a fault the model is as it was. */
export function perform(model: Model, action: Draft): Fault | null {
  switch (action.type) {
    case 'group.create':
      return groupCreate(model, action);
    case 'group.extend':
      return groupExtend(model, action);
    case 'group.reduce':
      return groupReduce(model, action);
    case 'group.repair':
      return groupRepair(model, action);
    case 'volume.create':
      return volumeCreate(model, action);
    case 'volume.extend':
      return volumeExtend(model, action);
    case 'volume.remove':
      return volumeRemove(model, action);
    case 'snapshot.create':
      return snapshotCreate(model, action);
    case 'snapshot.remove':
      return snapshotRemove(model, action);
    case 'snapshot.keep':
      return snapshotKeep(model, action);
    case 'copy':
      return copy(model, action);
    case 'hook':
      return null;
    case 'pool.create':
      return poolCreate(model, action);
    case 'point.create':
      return pointCreate(model, action);
    case 'point.remove':
      return volumeRemove(model, action);
  }
}

function groupCreate(model: Model, action: Draft<GroupCreate>): Fault | null {
  if (model.group(action.target)) return { code: 'name-taken', what: action.target };
  const pvs = new Map(action.pvs.map((pv) => [pv.uuid, joined(pv, false)]));
  for (const uuid of pvs.keys()) model.takeOrphan(uuid);
  model.addGroup({
    name: action.target,
    uuid: '',
    extentSize: action.extentSize,
    seqno: 1,
    tags: [],
    autoactivation: false,
    unusable: null,
    pvs,
    volumes: new Map(),
    blur: null,
    reserved: new Map(),
    snapshotsOf: new Map(),
  });
  return null;
}

function groupExtend(model: Model, action: Draft<GroupExtend>): Fault | null {
  const group = model.group(action.target);
  if (!group) return { code: 'missing', what: action.target };
  if (group.pvs.has(action.pv.uuid)) return { code: 'name-taken', what: action.device };
  model.takeOrphan(action.pv.uuid);
  const lend = action.purpose === 'lend';
  group.pvs.set(action.pv.uuid, joined(action.pv, lend));
  if (lend) group.tags = [...group.tags, ...loanTags(action.pv)];
  return null;
}

function groupReduce(model: Model, action: Draft<GroupReduce>): Fault | null {
  const group = model.group(action.target);
  if (!group) return { code: 'missing', what: action.target };
  if (action.standing?.inGroup === false) return giveBackOrphan(model, group, action.pv);
  const pv = group.pvs.get(action.pv.uuid);
  if (!pv) return { code: 'missing', what: action.device };
  if (isBlurred(group, pv) || pv.free < pv.extents) return { code: 'in-use', what: action.device };
  group.pvs.delete(pv.uuid);
  dropLoan(group, action.pv);
  if (!action.pv.make) model.addOrphan(orphan(pv));
  return null;
}

function giveBackOrphan(model: Model, group: ModelGroup, pv: PlannedPv): null {
  if (pv.make) model.takeOrphan(pv.uuid);
  dropLoan(group, pv);
  return null;
}

function dropLoan(group: ModelGroup, pv: Pick<PlannedPv, 'uuid' | 'make'>): void {
  const gone = loanTags(pv);
  group.tags = group.tags.filter((one) => !gone.includes(one));
}

function groupRepair(model: Model, action: Draft<GroupRepair>): Fault | null {
  const group = model.group(action.target);
  if (!group) return { code: 'missing', what: action.target };
  for (const path of action.leftovers) {
    const volume = group.volumes.get(splitPath(path)[1]);
    if (!volume) return { code: 'missing', what: path };
    endVolume(group, volume);
  }
  for (const { uuid, made } of action.lost) {
    group.pvs.delete(uuid);
    dropLoan(group, { uuid, make: made });
  }
  for (const path of action.activate) setActive(model, path, true);
  for (const path of action.deactivate ?? []) setActive(model, path, false);
  for (const volume of group.volumes.values()) {
    if (volume.health === 'partial') put(group, { ...volume, health: '' });
  }
  group.unusable = null;
  return null;
}

function volumeRemove(model: Model, action: Draft<VolumeRemove | PointRemove>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const volume = group?.volumes.get(name);
  if (!group || !volume) return { code: 'missing', what: action.target };
  endVolume(group, volume);
  return null;
}

/** With it go the marks that it left on its origin. */
function endVolume(group: ModelGroup, volume: Volume): void {
  giveBack(group, volume);
  group.volumes.delete(volume.name);
  if (isPool(volume)) endPool(group, volume.name);
  if (isThin(volume)) orphanSnapshots(group, volume.name);
  countSnapshot(group, volume, -1);
}

function endPool(group: ModelGroup, name: string): void {
  for (const part of partsOfPool(name, group)) {
    const volume = group.volumes.get(part);
    if (volume) endVolume(group, volume);
  }
}

const BEGUN = stateTags({ state: 'incomplete' });
const DONE = stateTags({ state: 'complete', time: '{time}', digest: '{digest}' });
const USED = tag('used', '{used}');
const RUN = runTags();

function volumeCreate(model: Model, action: Draft<VolumeCreate>): Fault | null {
  const isTarget = action.restoring !== undefined;
  const ours = [OWNED, ...identityTags(action.identity), ...BEGUN];
  const tags = action.restoring === undefined ? ours : [tag('restoring', action.restoring)];
  if (action.pool !== null) return addThin(model, action, { tags, pool: action.pool, skipActivation: true });
  return addVolume(model, action, {
    roles: ['public'],
    layout: ['linear'],
    origin: null,
    tags,
    active: false,
    skipActivation: !isTarget,
    readOnly: false,
    chunkSize: null,
  });
}

/** A thin volume takes nothing of the group. */
function addThin(
  model: Model,
  { target, extents: count }: { readonly target: string; readonly extents: Extents },
  traits: Partial<Volume> & { readonly pool: string },
): Fault | null {
  const [groupName, name] = splitPath(target);
  const group = model.group(groupName);
  if (!group) return { code: 'missing', what: groupName };
  if (!group.volumes.has(traits.pool)) return { code: 'missing', what: `${groupName}/${traits.pool}` };
  if (group.volumes.has(name)) return { code: 'name-taken', what: target };
  const { extentSize } = group;
  put(group, plain({ group: groupName, name, extentSize }, count, { layout: ['thin', 'sparse'], ...traits }));
  return null;
}

function poolCreate(model: Model, action: Draft<PoolCreate>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  if (!group) return { code: 'missing', what: groupName };
  if (group.volumes.has(name)) return { code: 'name-taken', what: action.target };
  const { metadataExtents: metadata, spareExtents, extents: data, placement, chunkSize } = action;
  const needed = extents(data + metadata + spareExtents);
  const available = availableOn(group, placement);
  if (available < needed) return short(group, needed, available);
  const about = { group: groupName, extentSize: group.extentSize, tags: [OWNED], chunkSize };
  const [pool, ...parts] = poolVolumes(name, about, { data, metadata });
  put(group, pool);
  for (const part of parts) put(group, placed(group, part, part.extents, placement));
  if (spareExtents > 0) put(group, grownSpare(group, spareExtents, placement));
  return null;
}

function grownSpare(group: ModelGroup, count: Extents, placement: Placement): Volume {
  const { name: groupName, extentSize, volumes } = group;
  const there = spareOf(volumes.values());
  const name = there?.name ?? spareName(volumes);
  const size = extents((there?.extents ?? 0) + count);
  const traits: Partial<Volume> = { roles: ['private', 'pool', 'spare'], hidden: true };
  const spare = plain({ group: groupName, name, extentSize }, size, traits);
  return placed(group, { ...spare, allocation: there?.allocation ?? [] }, count, placement);
}

/** The volume with so many extents more. That there is room was seen before. */
function placed(group: ModelGroup, volume: Volume, count: Extents, placement: Placement): Volume {
  const taken = take(group, volume.name, count, placement);
  if ('code' in taken || taken.pv === null) return volume;
  return { ...volume, allocation: addAllocation(volume.allocation, { pv: taken.pv, extents: count }) };
}

function pointCreate(model: Model, action: Draft<PointCreate>): Fault | null {
  const [groupName, headName] = splitPath(action.head);
  const group = model.group(groupName);
  const head = group?.volumes.get(headName);
  if (!group || head?.pool == null) return { code: 'missing', what: action.head };
  const { copied, identity } = action;
  const state = copied === null ? DONE : stateTags({ ...pointState(copied), state: 'complete' });
  const fault = addThin(model, action, {
    ...{ pool: head.pool, origin: headName, skipActivation: true },
    roles: ['public', 'snapshot', 'thinsnapshot'],
    tags: [OWNED, ...identityTags(identity), ...state],
  });
  if (fault) return fault;
  if (action.deactivateHead) setActive(model, action.head, false);
  const point = group.volumes.get(splitPath(action.target)[1]);
  if (point) countSnapshot(group, point, 1);
  return null;
}

function pointState({ time, digest }: { readonly time: string; readonly digest: string | null }) {
  return { time, ...(digest === null ? {} : { digest }) };
}

function snapshotCreate(model: Model, action: Draft<SnapshotCreate>): Fault | null {
  const [groupName, originName] = splitPath(action.origin);
  const group = model.group(groupName);
  const origin = group?.volumes.get(originName);
  if (!group || !origin) return { code: 'missing', what: action.origin };
  const kept = action.growth?.extents ?? extents(0);
  const room = roomOn(group, action.placement);
  const all = extents(action.extents + kept);
  if (kept > 0 && room < all) return short(group, all, room);
  const readOnly = action.writable !== true;
  const traits = { origin: origin.name, tags: RUN, active: true, skipActivation: false, readOnly };
  const fault =
    action.pool === null
      ? addVolume(model, action, { ...traits, ...THICK_SNAPSHOT })
      : addThinSnapshot(group, origin, splitPath(action.target)[1], traits);
  if (fault) return fault;
  if (kept > 0) reserve(group, splitPath(action.target)[1], kept, action.placement);
  put(group, { ...origin, active: true });
  setPool(group, action.activateOrigin?.pool ?? null, true);
  const snapshot = group.volumes.get(splitPath(action.target)[1]);
  if (snapshot) countSnapshot(group, snapshot, 1);
  return null;
}

const THICK_SNAPSHOT = {
  roles: ['public', 'snapshot', 'thicksnapshot'],
  layout: ['linear'],
  chunkSize: bytes(4096),
};

/** As large as its origin, and it takes nothing of the group. */
function addThinSnapshot(
  group: ModelGroup,
  origin: Volume,
  name: string,
  traits: Pick<Volume, 'origin' | 'tags' | 'active' | 'skipActivation' | 'readOnly'>,
): Fault | null {
  if (group.volumes.has(name)) return { code: 'name-taken', what: `${group.name}/${name}` };
  const own = { uuid: '', thinId: null, open: false, health: '', dataPercent: null };
  const roles = ['public', 'snapshot', 'thinsnapshot'];
  put(group, { ...origin, ...own, name, roles, ...traits });
  return null;
}

type NewVolume = Pick<
  Volume,
  'roles' | 'layout' | 'origin' | 'tags' | 'active' | 'skipActivation' | 'readOnly' | 'chunkSize'
>;

function addVolume(
  model: Model,
  action: { target: string; extents: Extents; placement: Placement },
  traits: NewVolume,
): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  if (!group) return { code: 'missing', what: groupName };
  if (group.volumes.has(name)) return { code: 'name-taken', what: action.target };
  const taken = take(group, name, action.extents, action.placement);
  if ('code' in taken) return taken;
  const { roles, layout, origin, tags, active, skipActivation, readOnly, chunkSize } = traits;
  group.volumes.set(name, {
    name,
    group: groupName,
    uuid: '',
    size: bytesOf(action.extents, group.extentSize),
    extents: action.extents,
    roles,
    layout,
    hidden: false,
    origin,
    pool: null,
    thinId: null,
    tags,
    active,
    open: false,
    skipActivation,
    readOnly,
    health: '',
    snapshotInvalid: false,
    merging: false,
    dataPercent: null,
    metadataPercent: null,
    chunkSize,
    allocation: taken.pv ? [{ pv: taken.pv, extents: action.extents }] : [],
  });
  return null;
}

function volumeExtend(model: Model, action: Draft<VolumeExtend>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const volume = group?.volumes.get(name);
  if (!group || !volume) return { code: 'missing', what: action.target };
  const taken = isThin(volume) ? { pv: null } : take(group, name, action.extents, action.placement);
  if ('code' in taken) return taken;
  const count = extents(volume.extents + action.extents);
  put(group, {
    ...volume,
    extents: count,
    size: bytesOf(count, group.extentSize),
    allocation: taken.pv
      ? addAllocation(volume.allocation, { pv: taken.pv, extents: action.extents })
      : volume.allocation,
  });
  return null;
}

function snapshotRemove(model: Model, action: Draft<SnapshotRemove>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const snapshot = group?.volumes.get(name);
  if (!group || !snapshot) return { code: 'missing', what: action.target };
  endVolume(group, snapshot);
  if (action.deactivateOrigin) deactivateOrigin(group, splitPath(action.origin)[1]);
  setPool(group, action.deactivatePool ?? null, false);
  for (const path of action.deactivate ?? []) setActive(model, path, false);
  if (action.activateOrigin) setActive(model, action.origin, true);
  return null;
}

/** A pool with its parts. */
function setPool(group: ModelGroup, pool: string | null, active: boolean): void {
  if (pool === null) return;
  const [, name] = splitPath(pool);
  for (const part of [name, `${name}_tdata`, `${name}_tmeta`]) {
    const volume = group.volumes.get(part);
    if (volume) put(group, { ...volume, active });
  }
}

/** The base before it goes, and it takes its place under its own tags. A thin one is put to sleep. */
function snapshotKeep(model: Model, action: Draft<SnapshotKeep>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const snapshot = group?.volumes.get(name);
  if (!group || !snapshot) return { code: 'missing', what: action.target };
  const [, base] = splitPath(action.base);
  const before = group.volumes.get(base);
  if (before && !action.replaces) return { code: 'name-taken', what: action.base };
  if (before) endVolume(group, before);
  group.volumes.delete(name);
  renameTaken(group, name, base);
  const tags = action.tagged ? snapshot.tags : [OWNED, ...baseTags(action.backup)];
  const asleep = action.pool === null ? {} : { active: false, skipActivation: true };
  put(group, { ...snapshot, name: base, tags, ...asleep });
  if (action.deactivateOrigin) deactivateOrigin(group, splitPath(action.origin)[1]);
  setPool(group, action.deactivatePool ?? null, false);
  return null;
}

function copy(model: Model, action: Draft<CopyAction>): Fault | null {
  if (action.restore) return restore(model, action, action.restore);
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const target = group?.volumes.get(name);
  if (!group || !target) return { code: 'missing', what: action.target };
  const kept = target.tags.filter((one) => !isDetail(one));
  const done = action.pool === null ? DONE : [...DONE, USED];
  put(group, { ...target, tags: [...kept, ...identityTags(action.identity), ...done], active: false });
  if (action.stopAutoactivation) group.autoactivation = false;
  setPool(group, action.deactivatePool ?? null, false);
  return null;
}

/** A device keeps its place and its name; nothing that the model tells of it changes. */
function restore(model: Model, action: Draft<CopyAction>, traits: RestoreTraits): Fault | null {
  if (traits.target === 'device') return null;
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const target = group?.volumes.get(name);
  if (!group || !target) return { code: 'missing', what: action.target };
  const tags = target.tags.filter((one) => !one.startsWith(tag('restoring', '')));
  put(group, { ...target, tags, active: traits.target === 'new' || target.active });
  return null;
}

function setActive(model: Model, path: string, active: boolean): void {
  const [groupName, name] = splitPath(path);
  const group = model.group(groupName);
  const volume = group?.volumes.get(name);
  if (group && volume) put(group, { ...volume, active });
}

/** A volume of the inventory that the model began with is replaced, never written to. */
function put(group: ModelGroup, volume: Volume): void {
  group.volumes.set(volume.name, volume);
}

/** Keeps extents for a volume to grow into, where its placement says, until it is removed. There must be room. */
export function reserve(group: ModelGroup, volume: string, count: Extents, placement: Placement): void {
  const taken = take(group, volume, count, placement);
  if ('code' in taken || taken.pv === null) return;
  const before = group.reserved.get(volume)?.extents ?? 0;
  group.reserved.set(volume, { pv: taken.pv, extents: extents(before + count) });
}

/** Free extents where the placement says. */
export function roomOn(group: ModelGroup, { devices }: Placement): number {
  const pvs = [...group.pvs.values()].filter(({ device }) => device !== null && devices.includes(device));
  const [only] = pvs;
  if (only && pvs.length === 1 && !isBlurred(group, only))
    return only.boundless ? Number.POSITIVE_INFINITY : only.free;
  return freeOn(group, pvs);
}

/** Takes the extents where the placement says. `pv` is null where only the group's total is known. */
function take(
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

/** Free extents where the placement says. */
function availableOn(group: ModelGroup, placement: Placement): number {
  const named = [...group.pvs.values()].filter((pv) => pv.device && placement.devices.includes(pv.device));
  const [only] = named;
  if (only && named.length === 1 && !isBlurred(group, only)) {
    return only.boundless ? Number.MAX_SAFE_INTEGER : only.free;
  }
  return freeOn(group, named);
}

function short(group: ModelGroup, needed: Extents, available: number): Fault {
  return { code: 'insufficient-space', group: group.name, needed, available };
}

function joined(pv: PlannedPv, lent: boolean): ModelPv {
  return {
    uuid: pv.uuid,
    device: pv.device,
    allocatable: true,
    deviceSize: pv.deviceSize,
    dataStart: bytes(0),
    extents: pv.extents,
    free: pv.extents,
    freeSegments: pv.extents > 0 ? [{ start: 0, length: pv.extents }] : [],
    lent,
    boundless: pv.deviceSize === (0 as Bytes),
  };
}

function orphan({ lent: _, boundless: __, ...pv }: ModelPv): PhysicalVolume {
  return { ...pv, extents: extents(0), free: extents(0), freeSegments: [] };
}
