/** The actions of one unit: volumes first, then all its snapshots, then each copy with the end of its snapshot. */
import type { Inventory } from '../lvm/inventory.ts';
import type { BackupRecord } from '../lvm/tags.ts';
import type { HooksSpec } from '../spec/spec.ts';
import { bytesOf, type Extents, extents, extentsFor } from '../units.ts';
import type { ActionId, CopyAction, Draft, Growth, Placement } from './action.ts';
import { availableFor, place, type Wish } from './allocate.ts';
import type { PlanBuilder } from './builder.ts';
import type { CheckedSource } from './check-source.ts';
import type { CheckedTarget } from './check-target.ts';
import { poolOf } from './check-thin.ts';
import { emitBaseRemoval, emitKeep, trackingOf } from './emit-base.ts';
import { UnitHooks } from './emit-hooks.ts';
import { emitPoints, emitRemovals } from './emit-points.ts';
import { FILE_LIST_DIGEST, needsWritableSnapshot } from './files.ts';
import { firstGrowth, growOn } from './growth.ts';
import type { Member } from './members.ts';
import { freeOf, type ModelGroup, splitPath } from './model.ts';
import type { PointsPlan } from './points.ts';
import { backupExtents, snapshotExtents } from './size.ts';
import { isAllOurs } from './thin-model.ts';

/** A source that nothing stands against. */
export interface ReadyMember {
  readonly member: Member;
  readonly source: CheckedSource;
  readonly target: CheckedTarget;
  /** The backup volume, `VG/LV`. */
  readonly path: string;
  readonly points: PointsPlan;
}

export interface UnitContext {
  readonly unit: string;
  /** As it was before the first action, but for what dead runs left. */
  readonly inventory: Inventory;
  readonly backupGroup: string;
  /** Null where the unit is no set. */
  readonly setHooks: HooksSpec | null;
  /** The actions that make the backup group what it has to be. */
  readonly groupNeeds: readonly ActionId[];
  /** By source group and device as written: the loan that opened, or the device that is there for good. */
  readonly lent: (
    group: string,
    named: string,
  ) => { readonly opened: ActionId | null; readonly device: string } | null;
}

interface Emitted {
  readonly ready: ReadyMember;
  readonly volume: readonly ActionId[];
  snapshot: ActionId | null;
}

export function emitUnit(builder: PlanBuilder, context: UnitContext, members: readonly ReadyMember[]): void {
  const hooks = new UnitHooks(builder, context.unit, members, context.setHooks);
  for (const ready of members) emitRemovals(builder, context, ready, ready.points.before, NOTHING);
  const emitted: Emitted[] = members.map((ready) => ({
    ready,
    volume: emitVolume(builder, context, ready),
    snapshot: null,
  }));
  for (const { ready } of emitted) emitBaseRemoval(builder, context.unit, ready);
  const before = hooks.before([...emitted.flatMap(({ volume }) => volume), ...loansOf(context, members)]);
  for (const one of emitted) one.snapshot = emitSnapshot(builder, context, one.ready, before);
  // Copies of one set belong to one moment: each needs every snapshot of it.
  const snapshots = emitted.map(({ snapshot }) => snapshot).filter((id) => id !== null);
  growOn(builder, snapshots);
  if (snapshots.length > 0) hooks.after(byMember(emitted));
  const copies = emitted.map((one) => {
    const copy = emitCopy(builder, context, one, snapshots.length > 0 ? snapshots : before);
    // A plain device has no snapshot: it is what it was only while it is copied.
    if (snapshots.length === 0) hooks.after(new Map([[one.ready.member.source, copy]]));
    emitSnapshotEnd(builder, context, one, copy);
    emitPoints(builder, context, one.ready, copy);
    hooks.outcomeOf(one.ready.member.source, copy);
    return copy;
  });
  hooks.outcomeOfSet(copies);
}

function byMember(emitted: readonly Emitted[]): Map<string, ActionId> {
  return new Map(
    emitted.flatMap(({ ready, snapshot }) =>
      snapshot === null ? [] : [[ready.member.source, snapshot] as const],
    ),
  );
}

function loansOf({ lent }: UnitContext, members: readonly ReadyMember[]): ActionId[] {
  const opened = members.flatMap(({ member, source }) => {
    const { lend } = member.spec.snapshot;
    if (lend === null || source.kind === 'device' || source.pool !== null) return [];
    return lent(source.volume.group, lend)?.opened ?? [];
  });
  return [...new Set(opened)];
}

const NOTHING: readonly ActionId[] = [];

function emitVolume(builder: PlanBuilder, context: UnitContext, ready: ReadyMember): readonly ActionId[] {
  const group = builder.model.group(context.backupGroup);
  if (!group) return context.groupNeeds;
  const { member, source, target, path } = ready;
  const { size } = source.identity;
  const wanted = backupExtents(member.spec.size, size, group.extentSize, () => extents(availableFor(group)));
  if (target.kind === 'present') return emitGrowth(builder, context, ready, group, wanted);
  const { pool } = ready.points;
  const id = builder.add({
    type: 'volume.create',
    unit: context.unit,
    needs: needing(context.groupNeeds),
    target: path,
    extents: wanted,
    bytes: bytesOf(wanted, group.extentSize),
    placement: pool === null ? placementFor(group, wanted) : NOWHERE,
    pool,
    identity: source.identity,
    reason: createReason(ready),
  });
  return [id];
}

/** A thin volume takes no extents, so its command names no device. */
const NOWHERE: Placement = { devices: [] };

function createReason({ member, points }: ReadyMember): string {
  if (points.pool !== null) return `the head of ${member.source}: what its points are taken of`;
  if (member.spec.keep.last === 1) return `no backup volume of ${member.source} yet`;
  return `keep.last: ${member.spec.keep.last}, and fewer copies of ${member.source} so far`;
}

/** A backup volume that its source has outgrown. One that is larger than needed is left as it is. */
function emitGrowth(
  builder: PlanBuilder,
  context: UnitContext,
  { member, source, target, path }: ReadyMember,
  group: ModelGroup,
  wanted: Extents,
): readonly ActionId[] {
  if (target.kind !== 'present') return context.groupNeeds;
  const needed =
    member.spec.size?.unit === '%FREE' ? extentsFor(source.identity.size, group.extentSize) : wanted;
  if (target.volume.extents >= needed) return context.groupNeeds;
  const added = extents(needed - target.volume.extents);
  const near = target.volume.allocation.map(({ pv }) => group.pvs.get(pv)?.device ?? '');
  const id = builder.add({
    type: 'volume.extend',
    unit: context.unit,
    needs: needing(context.groupNeeds),
    target: path,
    extents: added,
    bytes: bytesOf(added, group.extentSize),
    newBytes: bytesOf(needed, group.extentSize),
    placement: target.volume.pool === null ? placementFor(group, added, { near }) : NOWHERE,
    reason: 'its source has grown',
  });
  return [id];
}

function emitSnapshot(
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
    placement:
      pool === null ? placementFor(group, extents(count + (growth?.extents ?? 0)), wish) : { devices: [] },
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

function emitCopy(
  builder: PlanBuilder,
  context: UnitContext,
  { ready, volume }: Emitted,
  views: readonly ActionId[],
): ActionId {
  const { member, source, target, path, points } = ready;
  const { verify, limit, onReadError } = member.spec;
  const lastDigest = target.kind === 'present' ? completeDigest(target.record) : null;
  const ofFiles = lastDigest?.startsWith(FILE_LIST_DIGEST) ?? false;
  const fileSystem = source.kind === 'volume' ? source.fileSystem : null;
  const mode = fileSystem !== null ? 'files' : copyMode(ready, ofFiles ? null : lastDigest);
  const { words, ...tracking } = trackingOf(
    builder,
    context.inventory,
    ready,
    lastDigest === null || ofFiles || fileSystem !== null ? 'full' : 'changed',
  );
  const copy: Draft<CopyAction> = {
    type: 'copy',
    unit: context.unit,
    needs: needing([...volume, ...views]),
    source: source.kind === 'volume' ? `${source.volume.group}/${source.snapshot}` : source.device.path,
    target: path,
    mode,
    ...poolTraits(builder, ready),
    onlyCopy: points.onlyCopy,
    ...{ verify, rate: limit.rate, onReadError },
    // The digest of a file list says nothing of an image.
    lastDigest: ofFiles && fileSystem === null ? null : lastDigest,
    ...(fileSystem === null ? {} : { files: { fileSystem, keeps: ofFiles } }),
    ...{ ...tracking, sourcePool: source.kind === 'volume' ? source.pool : null },
    bytes: source.identity.size,
    identity: source.identity,
    dropTags: target.kind === 'present' ? target.tags : NONE,
    quiesce: source.kind === 'device' ? source.quiesce : null,
    reason: [
      fileSystem === null ? copyReason(target) : filesReason(target, ofFiles),
      words,
      ...points.passedOver,
    ]
      .filter((text) => text !== '')
      .join('; '),
  };
  return builder.add(copy);
}

/**
 * What is not proven complete is copied in full. In a pool it is compared all the same, and only what differs is
 * written: whatever is written there takes chunks, for its points keep those that they share with it.
 */
function copyMode({ target, points }: ReadyMember, lastDigest: string | null): CopyAction['mode'] {
  if (lastDigest !== null) return 'changed';
  return points.pool !== null && target.kind === 'present' ? 'changed' : 'full';
}

function poolTraits(builder: PlanBuilder, { target, path, points }: ReadyMember) {
  const [groupName] = splitPath(path);
  const group = builder.model.group(groupName);
  const pool = points.pool === null ? null : `${groupName}/${points.pool}`;
  return {
    pool,
    ...(pool !== null && group && isIdle(group, splitPath(pool)[1]) ? { deactivatePool: pool } : {}),
    targetReadsZero: pool !== null && target.kind === 'create' && readsZero(group, splitPath(pool)[1]),
    stopAutoactivation: group?.autoactivation === true && isAllOurs(group.volumes.values()),
  };
}

/** What the copy leaves out where it is zero comes in pieces of so many bytes: `CHUNK` of copy/chunk.ts. */
export const ZERO_PIECE = 256 * 1024;

/** Where a chunk of the pool is never written in part: what a pool does with the rest of one, it does not tell. */
function readsZero(group: ModelGroup | undefined, pool: string): boolean {
  const chunk = group?.volumes.get(pool)?.chunkSize ?? null;
  return chunk !== null && ZERO_PIECE % chunk === 0;
}

/** Active by itself, and nothing that lies in it is. */
function isIdle(group: ModelGroup, pool: string): boolean {
  if (group.volumes.get(pool)?.active !== true) return false;
  return ![...group.volumes.values()].some((volume) => volume.pool === pool && volume.active);
}

const NONE: readonly string[] = [];

/** Null where nothing proves what the target holds. */
function completeDigest({ state, digest }: BackupRecord): string | null {
  return state === 'complete' ? digest : null;
}

function filesReason(target: CheckedTarget, ofFiles: boolean): string {
  if (target.kind === 'create') return 'first copy of its files';
  if (ofFiles)
    return 'the copy is due for a refresh; files that changed are written, files that are gone are deleted';
  return target.record.state === 'incomplete'
    ? 'the last copy was not completed; it is gone on with where its file system is whole, else made anew'
    : 'it held an image: a file system is made anew on it';
}

function copyReason(target: CheckedTarget): string {
  if (target.kind === 'create') return 'first full copy';
  switch (target.record.state) {
    case 'complete':
      return target.record.digest === null
        ? 'the copy is due for a refresh; its tags carry no digest'
        : 'the copy is due for a refresh; only what changed is written';
    case 'incomplete':
      return 'the last copy was not completed';
    case 'damaged':
      return 'the last copy is damaged';
  }
}

function emitSnapshotEnd(builder: PlanBuilder, context: UnitContext, one: Emitted, copy: ActionId): void {
  const { source } = one.ready;
  if (source.kind === 'device' || one.snapshot === null) return;
  const created = builder.actions[one.snapshot - 1];
  if (created?.type !== 'snapshot.create') return;
  if (source.tracked) {
    emitKeep(builder, one.ready, created, copy);
    return;
  }
  builder.add({
    type: 'snapshot.remove',
    unit: context.unit,
    closes: one.snapshot,
    target: created.target,
    origin: created.origin,
    deactivateOrigin: created.activateOrigin !== null,
    ...(created.activateOrigin?.pool ? { deactivatePool: created.activateOrigin.pool } : {}),
    extents: created.extents,
    bytes: created.bytes,
    reason: 'the copy is done with it',
  });
}

/** Undefined where nothing is needed: the document leaves it out then. */
function needing(needs: readonly ActionId[]): readonly ActionId[] | undefined {
  return needs.length === 0 ? undefined : needs;
}

/** Names every usable device where the allocation fits nowhere: performing it then tells what is short. */
function placementFor(group: ModelGroup, count: Extents, wish: Wish = {}): Placement {
  const found = place(group, count, wish);
  const pvs = found.kind === 'one' ? [found.pv] : found.pvs;
  return { devices: pvs.map((pv) => pv.device ?? '') };
}
