/** What dead runs left in a group: found by the tags, and by nothing else. */
import type { Group, PvUuid, Volume } from '../lvm/inventory.ts';
import { isOwned, tagValue, tagValues } from '../lvm/tags.ts';
import { baseName, baseOf, isBase } from './base.ts';
import { isPool } from './thin-model.ts';

/** What each action of a recovery has. */
export const RECOVERS = { recovers: true } as const;

export interface Left {
  /** Bases without the name of one: of a run that was cut, or of an origin that was renamed. */
  readonly halfKept: readonly Volume[];
  /** Volumes of dead runs: snapshots, and plain volumes of an lvcreate that was killed. */
  readonly leftovers: readonly Volume[];
  /** UUIDs of the devices that are lent, whether they are there or not. */
  readonly lent: readonly PvUuid[];
  /** Those of them that LVM misses. */
  readonly lost: readonly PvUuid[];
  /** Other devices that LVM misses: nothing can be said of what lay on them. */
  readonly strangers: readonly PvUuid[];
}

export function leftIn(group: Group): Left {
  const lent = tagValues(group.tags, 'lent');
  const missing = [...group.pvs.values()].filter(({ device }) => device === null).map(({ uuid }) => uuid);
  return {
    leftovers: [...group.volumes.values()].filter((volume) => isLeftover(group, volume)),
    halfKept: [...group.volumes.values()].filter((volume) => isHalfKept(group, volume)),
    lent,
    lost: missing.filter((uuid) => lent.includes(uuid)),
    strangers: missing.filter((uuid) => !lent.includes(uuid)),
  };
}

/**
 * An lvcreate or an lvremove that was killed leaves a plain volume with the tags of a snapshot, or of a base. A pool
 * that somebody has used since is no leftover any more, whatever its tags say.
 */
export function isLeftover(group: Group, volume: Volume): boolean {
  const { name, tags, hidden, origin, layout } = volume;
  if (hidden || !isOwned(tags)) return false;
  if (tagValue(tags, 'run') === null) return isBase(volume) && origin === null && !layout.includes('thin');
  return !isPool({ layout }) || ![...group.volumes.values()].some(({ pool }) => pool === name);
}

/** What else has the base's name and is none stays, and then this one cannot have it. */
function isHalfKept(group: Group, volume: Volume): boolean {
  if (!isBase(volume) || volume.origin === null || volume.name === baseName(volume.origin)) return false;
  return !group.volumes.has(baseName(volume.origin)) || baseOf(group, volume.origin) !== null;
}

/** An origin that would be active, had LVM not refused it for want of a device. */
export function isAsleep(group: Group, name: string): boolean {
  const volume = group.volumes.get(name);
  return volume !== undefined && !volume.active && !volume.skipActivation;
}
