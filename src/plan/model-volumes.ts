/** What becomes of the volumes in the model's groups, whatever action it is of. */
import type { Volume } from '../lvm/inventory.ts';
import { bytesOf, type Extents } from '../units.ts';
import type { Placement } from './action.ts';
import type { Fault } from './fault.ts';
import { giveBack, type Model, type ModelGroup, splitPath } from './model.ts';
import { countSnapshot } from './origins.ts';
import { take } from './room.ts';
import { isPool, isThin, orphanSnapshots, partsOfPool } from './thin-model.ts';

/** A volume of the inventory that the model began with is replaced, never written to. */
export function put(group: ModelGroup, volume: Volume): void {
  group.volumes.set(volume.name, volume);
}

export function setActive(model: Model, path: string, active: boolean): void {
  const [groupName, name] = splitPath(path);
  const group = model.group(groupName);
  const volume = group?.volumes.get(name);
  if (group && volume) put(group, { ...volume, active });
}

type NewVolume = Pick<
  Volume,
  'roles' | 'layout' | 'origin' | 'tags' | 'active' | 'skipActivation' | 'readOnly' | 'chunkSize'
>;

export function addVolume(
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

/** With it go the marks that it left on its origin. */
export function endVolume(group: ModelGroup, volume: Volume): void {
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

/** A pool with its parts. */
export function setPool(group: ModelGroup, pool: string | null, active: boolean): void {
  if (pool === null) return;
  const [, name] = splitPath(pool);
  for (const part of [name, `${name}_tdata`, `${name}_tmeta`]) {
    const volume = group.volumes.get(part);
    if (volume) put(group, { ...volume, active });
  }
}
