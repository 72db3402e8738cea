/** What the actions on groups do to the model. */
import type { PhysicalVolume } from '../lvm/inventory.ts';
import { tag } from '../lvm/tags.ts';
import { type Bytes, bytes, extents } from '../units.ts';
import type { Draft, GroupCreate, GroupExtend, GroupReduce, GroupRepair, PlannedPv } from './action.ts';
import type { Fault } from './fault.ts';
import { isBlurred, type Model, type ModelGroup, type ModelPv, splitPath } from './model.ts';
import { endVolume, put, setActive } from './model-volumes.ts';
import { loanTags } from './ownership.ts';

export function groupCreate(model: Model, action: Draft<GroupCreate>): Fault | null {
  if (model.group(action.target)) return { code: 'name-taken', what: action.target };
  const pvs = new Map(action.pvs.map((pv) => [pv.uuid, joined(pv, false)]));
  for (const pv of action.pvs) takeOrphans(model, pv);
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

export function groupExtend(model: Model, action: Draft<GroupExtend>): Fault | null {
  const group = model.group(action.target);
  if (!group) return { code: 'missing', what: action.target };
  if (group.pvs.has(action.pv.uuid)) return { code: 'name-taken', what: action.device };
  takeOrphans(model, action.pv);
  const lend = action.purpose === 'lend';
  group.pvs.set(action.pv.uuid, joined(action.pv, lend));
  if (lend) group.tags = [...group.tags, ...loanTags(action.pv)];
  return null;
}

export function groupReduce(model: Model, action: Draft<GroupReduce>): Fault | null {
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

export function groupRepair(model: Model, action: Draft<GroupRepair>): Fault | null {
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
  for (const path of action.deactivate ?? []) {
    setActive(model, path, false);
    const part = model.volume(path);
    // LVM lets a part be active by itself only to be read.
    if (part?.hidden) put(group, { ...part, readOnly: false });
  }
  for (const { pool, root } of action.release ?? []) {
    const volume = model.volume(pool);
    if (!volume) return { code: 'missing', what: pool };
    put(group, { ...volume, tags: volume.tags.filter((one) => one !== tag('held', root)) });
  }
  for (const volume of group.volumes.values()) {
    if (volume.health === 'partial') put(group, { ...volume, health: '' });
  }
  group.unusable = null;
  return null;
}

function takeOrphans(model: Model, { uuid, relabel }: PlannedPv): void {
  model.takeOrphan(uuid);
  if (relabel !== undefined) model.takeOrphan(relabel);
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
