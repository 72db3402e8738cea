/** What the actions on snapshots of sources do to the model. */
import type { Volume } from '../lvm/inventory.ts';
import { OWNED } from '../lvm/tags.ts';
import { bytes, extents } from '../units.ts';
import type { Draft, SnapshotCreate, SnapshotKeep, SnapshotRemove } from './action.ts';
import type { Fault } from './fault.ts';
import { type Model, type ModelGroup, renameTaken, splitPath } from './model.ts';
import { addVolume, endVolume, put, setActive, setPool } from './model-volumes.ts';
import { countSnapshot, deactivateOrigin } from './origins.ts';
import { baseTags, runTags } from './ownership.ts';
import { reserve, roomOn, short } from './room.ts';

const RUN = runTags();

export function snapshotCreate(model: Model, action: Draft<SnapshotCreate>): Fault | null {
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

export function snapshotRemove(model: Model, action: Draft<SnapshotRemove>): Fault | null {
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

/** The base before it goes, and it takes its place under its own tags. A thin one is put to sleep. */
export function snapshotKeep(model: Model, action: Draft<SnapshotKeep>): Fault | null {
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
