/**
 * How far a snapshot may grow while it is copied (`snapshot.extend`). The room is counted as taken as long as the
 * snapshot is there, so that growing can never take extents that a later step needs.
 */
import { neverOverflowExtents } from '../lvm/cow-size.ts';
import type { Volume } from '../lvm/inventory.ts';
import { bytesOf, type Extents, extents } from '../units.ts';
import type { ActionId, Growth } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { groupOf, type ModelGroup, splitPath } from './model.ts';
import { reserve, roomOn } from './room.ts';

/** What is asked for at least: one step. Null where the file asks for none, or the snapshot can grow no further. */
export function firstGrowth(
  extend: { readonly at: number; readonly by: number } | null,
  group: ModelGroup,
  origin: Volume,
  size: Extents,
): Growth | null {
  if (extend === null) return null;
  const left = mostExtents(group, origin) - size;
  if (left <= 0) return null;
  const step = extents(Math.max(1, Math.ceil((size * extend.by) / 100)));
  return { at: extend.at, step, extents: extents(Math.min(step, left)) };
}

/**
 * What is free beside these snapshots when all of them are there is theirs to grow into, in turns, up to what can
 * never overflow. Nothing else is allocated before the last of them is removed.
 */
export function growOn(builder: PlanBuilder, snapshots: readonly ActionId[]): void {
  let growing = snapshots;
  while (growing.length > 0) growing = growing.filter((id) => growOnce(builder, id, growing.length));
}

/** Whether it could grow more still. */
function growOnce(builder: PlanBuilder, id: ActionId, inTurns: number): boolean {
  const snapshot = builder.performed(id);
  if (snapshot?.type !== 'snapshot.create' || snapshot.growth == null) return false;
  const { growth, target, origin, placement } = snapshot;
  const group = builder.model.group(groupOf(target));
  const volume = builder.model.volume(origin);
  if (!group || !volume) return false;
  const left = mostExtents(group, volume) - snapshot.extents - growth.extents;
  const room = roomOn(group, placement);
  const more = extents(Math.max(0, Math.min(left, room, Math.max(growth.step, Math.floor(room / inTurns)))));
  if (more === 0) return false;
  reserve(group, splitPath(target)[1], more, placement);
  builder.amend({ ...snapshot, growth: { ...growth, extents: extents(growth.extents + more) } });
  return more < left;
}

function mostExtents(group: ModelGroup, origin: Volume): Extents {
  return neverOverflowExtents(bytesOf(origin.extents, group.extentSize), group.extentSize);
}
