/** What the actions on volumes, pools and restore points do to the model. */
import type { Volume } from '../lvm/inventory.ts';
import { OWNED, tag } from '../lvm/tags.ts';
import { bytesOf, type Extents, extents } from '../units.ts';
import type {
  Draft,
  Placement,
  PointCreate,
  PointRemove,
  PoolCreate,
  VolumeCreate,
  VolumeExtend,
  VolumeRemove,
} from './action.ts';
import type { Fault } from './fault.ts';
import { addAllocation, type Model, type ModelGroup, splitPath } from './model.ts';
import { addVolume, endVolume, put, setActive } from './model-volumes.ts';
import { countSnapshot } from './origins.ts';
import { COPIED, identityTags, stateTags } from './ownership.ts';
import { roomOn, short, take } from './room.ts';
import { isThin, plain, poolVolumes, spareName, spareOf } from './thin-model.ts';

const BEGUN = stateTags({ state: 'incomplete' });

export function volumeCreate(model: Model, action: Draft<VolumeCreate>): Fault | null {
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

export function volumeExtend(model: Model, action: Draft<VolumeExtend>): Fault | null {
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

export function volumeRemove(model: Model, action: Draft<VolumeRemove | PointRemove>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const volume = group?.volumes.get(name);
  if (!group || !volume) return { code: 'missing', what: action.target };
  endVolume(group, volume);
  return null;
}

export function poolCreate(model: Model, action: Draft<PoolCreate>): Fault | null {
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  if (!group) return { code: 'missing', what: groupName };
  if (group.volumes.has(name)) return { code: 'name-taken', what: action.target };
  const { metadataExtents: metadata, spareExtents, extents: data, placement, chunkSize } = action;
  const needed = extents(data + metadata + spareExtents);
  const available = roomOn(group, placement);
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

export function pointCreate(model: Model, action: Draft<PointCreate>): Fault | null {
  const [groupName, headName] = splitPath(action.head);
  const group = model.group(groupName);
  const head = group?.volumes.get(headName);
  if (!group || head?.pool == null) return { code: 'missing', what: action.head };
  const { copied, identity } = action;
  const state = copied === null ? stateTags(COPIED) : stateTags({ ...pointState(copied), state: 'complete' });
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
