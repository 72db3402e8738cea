/** The snapshot of a source, from its creation to its end: its size, where it lies, and how far it may grow. */
import { bytesOf, type Extents, extents } from '../units.ts';
import type { ActionId, Growth } from './action.ts';
import { availableFor, place, type Wish } from './allocate.ts';
import type { PlanBuilder } from './builder.ts';
import { poolOf } from './check-thin.ts';
import { emitKeep } from './emit-base.ts';
import { needsWritableSnapshot } from './files.ts';
import { firstGrowth } from './growth.ts';
import { freeOf, type ModelGroup } from './model.ts';
import { NOWHERE, placementFor } from './placement.ts';
import { needing, type ReadyMember, type UnitContext } from './ready.ts';
import { snapshotExtents } from './size.ts';

/** Null where there is none to take: of a plain device. */
export function emitSnapshot(
  builder: PlanBuilder,
  context: UnitContext,
  ready: ReadyMember,
  before: readonly ActionId[],
): ActionId | null {
  const { member, source } = ready;
  if (source.kind === 'device') return null;
  const { volume, pool } = source;
  const group = builder.model.group(volume.group);
  if (!group) return null;
  const { lend } = member.spec.snapshot;
  // A thin snapshot takes nothing of the group, and needs no room that is lent.
  const loan = lend === null || pool !== null ? null : context.lent(volume.group, lend);
  const wish: Wish = { borrowed: loan?.device ?? null };
  const count = pool === null ? sizedSnapshot(group, ready, wish) : extents(0);
  const growth = pool === null ? growthOf(group, ready, count, wish) : null;
  const needs = [...(loan?.opened == null ? [] : [loan.opened]), ...before];
  return builder.add({
    type: 'snapshot.create',
    unit: context.unit,
    needs: needing(needs),
    target: `${volume.group}/${source.snapshot}`,
    origin: `${volume.group}/${volume.name}`,
    extents: count,
    bytes: bytesOf(count, group.extentSize),
    placement: pool === null ? placementFor(group, extents(count + (growth?.extents ?? 0)), wish) : NOWHERE,
    ...(growth === null ? {} : { growth }),
    ...(source.fileSystem !== null && needsWritableSnapshot(source.fileSystem) ? { writable: true } : {}),
    activateOrigin: volume.active
      ? null
      : { ignoreSkip: volume.skipActivation, pool: poolOf(group, volume)?.active === false ? pool : null },
    pool,
    reason: `what is copied, while ${member.source} goes on`,
  });
}

/** The size asked for, or with `atLeast` what there is between the two. */
function sizedSnapshot(group: ModelGroup, { member, source }: ReadyMember, wish: Wish): Extents {
  if (source.kind === 'device') return extents(0);
  const sizing = { origin: source.volume, extentSize: group.extentSize, free: freeOf(group) };
  const { size, atLeast } = member.spec.snapshot;
  const wanted = snapshotExtents(size, sizing);
  if (atLeast === null || place(group, wanted, wish).kind !== 'none') return wanted;
  const least = snapshotExtents(atLeast, sizing);
  const available = availableFor(group, wish);
  return extents(Math.min(wanted, Math.max(least, available)));
}

/** Room for one step; where less will do for the snapshot itself, also less for its growth. */
function growthOf(
  group: ModelGroup,
  { member, source }: ReadyMember,
  count: Extents,
  wish: Wish,
): Growth | null {
  if (source.kind === 'device') return null;
  const { extend, atLeast } = member.spec.snapshot;
  const growth = firstGrowth(extend, group, source.volume, count);
  if (growth === null || atLeast === null) return growth;
  const room = extents(Math.max(0, Math.min(growth.extents, availableFor(group, wish) - count)));
  return room === 0 ? null : { ...growth, extents: room };
}

/** It is removed after its copy, or kept as the base of the next. */
export function emitSnapshotEnd(
  builder: PlanBuilder,
  context: UnitContext,
  ready: ReadyMember,
  opened: ActionId | null,
  copy: ActionId,
): void {
  const { source } = ready;
  if (source.kind === 'device' || opened === null) return;
  const created = builder.actions[opened - 1];
  if (created?.type !== 'snapshot.create') return;
  if (source.tracked) {
    emitKeep(builder, ready, created, copy);
    return;
  }
  builder.add({
    type: 'snapshot.remove',
    unit: context.unit,
    closes: opened,
    target: created.target,
    origin: created.origin,
    deactivateOrigin: created.activateOrigin !== null,
    ...(created.activateOrigin?.pool ? { deactivatePool: created.activateOrigin.pool } : {}),
    extents: created.extents,
    bytes: created.bytes,
    reason: 'the copy is done with it',
  });
}
