/** What becomes of a base: kept in place of the one before, removed where the file has none, and what it is good for. */
import type { Inventory } from '../lvm/inventory.ts';
import { type Bytes, bytes, bytesOf, extents } from '../units.ts';
import type { ActionId, CopyBase, SnapshotCreate } from './action.ts';
import { baseName, baseOf, changedSince, usableBase } from './base.ts';
import type { PlanBuilder } from './builder.ts';
import { splitPath } from './model.ts';
import type { ReadyMember } from './ready.ts';

/** A base that the file does not ask for any more costs every write to its origin. */
export function emitBaseRemoval(builder: PlanBuilder, unit: string, { source }: ReadyMember): void {
  if (source.kind === 'device' || source.tracked) return;
  const { group: groupName, name } = source.volume;
  const group = builder.model.group(groupName);
  const base = group && baseOf(group, name);
  if (!group || !base) return;
  builder.add({
    ...{ type: 'snapshot.remove', unit, deactivateOrigin: false },
    target: `${groupName}/${base.name}`,
    origin: `${groupName}/${name}`,
    ...sizeOf(base.pool === null ? base.extents : 0, group.extentSize),
    reason: 'the base of a source that is not tracked any more',
  });
}

/** The snapshot is kept instead of removed. `copy`: the action that must have succeeded. */
export function emitKeep(
  builder: PlanBuilder,
  { source, path }: ReadyMember,
  snapshot: SnapshotCreate,
  copy: ActionId,
): void {
  if (source.kind === 'device') return;
  const [groupName, origin] = splitPath(snapshot.origin);
  const group = builder.model.group(groupName);
  const before = group ? baseOf(group, origin) : null;
  builder.add({
    type: 'snapshot.keep',
    unit: snapshot.unit,
    needs: [copy],
    closes: snapshot.id,
    target: snapshot.target,
    base: `${groupName}/${baseName(origin)}`,
    origin: snapshot.origin,
    deactivateOrigin: snapshot.activateOrigin !== null,
    ...(snapshot.activateOrigin?.pool ? { deactivatePool: snapshot.activateOrigin.pool } : {}),
    pool: snapshot.pool,
    backup: path,
    replaces: before && group ? sizeOf(before.pool === null ? before.extents : 0, group.extentSize) : null,
    extents: snapshot.extents,
    bytes: snapshot.bytes,
    reason: keepReason(snapshot),
  });
}

function keepReason({ origin, pool }: SnapshotCreate): string {
  const why = 'so that the next run reads only what changed';
  return pool === null
    ? `${why}; until then the first write to each place of ${origin} costs a copy of it`
    : `${why}; until then what is overwritten in ${origin} stays in ${pool}`;
}

function sizeOf(count: number, extentSize: Bytes) {
  return { extents: extents(count), bytes: bytesOf(extents(count), extentSize) };
}

/** What a copy reads by, with the words for the plan. */
export interface Tracking {
  readonly since: CopyBase | null;
  readonly reads: Bytes | null;
  readonly writes: Bytes | null;
  /** Follows the reason of the copy; empty where nothing is to be said. */
  readonly words: string;
}

/** Of a copy that is made in full nothing is asked: all is read, and all is written. */
export function trackingOf(
  builder: PlanBuilder,
  inventory: Inventory,
  { source, target, path }: ReadyMember,
  mode: 'full' | 'changed',
): Tracking {
  const all = source.identity.size;
  const none = { since: null, reads: all, writes: mode === 'full' ? all : null };
  if (source.kind === 'device' || !source.tracked || mode === 'full') return { ...none, words: '' };
  const group = builder.model.group(source.volume.group);
  if (!group) return { ...none, words: '' };
  const found = usableBase(group, source.volume, target, { path, identity: source.identity, inventory });
  if (typeof found === 'string') return { ...none, words: `everything is read: ${found}` };
  const volume = group.volumes.get(splitPath(found.snapshot)[1]);
  const changed = volume ? changedSince(volume) : null;
  const most = changed === null ? null : bytes(Math.min(all, changed));
  const union = found.holder ? `, and where ${found.holder.volume} and ${path} differ` : '';
  return {
    since: found,
    reads: found.holder ? null : most,
    writes: found.holder ? null : most,
    words: `only what changed since ${found.time} is read, as ${found.snapshot} tells${union}`,
  };
}
