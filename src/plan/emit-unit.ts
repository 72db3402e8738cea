/** The actions of one unit: volumes first, then all its snapshots, then each copy with the end of its snapshot. */
import type { BackupRecord } from '../lvm/tags.ts';
import type { HooksSpec } from '../spec/spec.ts';
import { bytesOf, type Extents, extents, extentsFor } from '../units.ts';
import type { ActionId, CopyAction, Draft, Growth, Placement } from './action.ts';
import { availableFor, place, type Wish } from './allocate.ts';
import type { PlanBuilder } from './builder.ts';
import type { CheckedSource } from './check-source.ts';
import type { CheckedTarget } from './check-target.ts';
import { UnitHooks } from './emit-hooks.ts';
import { firstGrowth, growOn } from './growth.ts';
import type { Member } from './members.ts';
import { freeOf, type ModelGroup } from './model.ts';
import { backupExtents, snapshotExtents } from './size.ts';

/** A source that nothing stands against. */
export interface ReadyMember {
  readonly member: Member;
  readonly source: CheckedSource;
  readonly target: CheckedTarget;
  /** The backup volume, `VG/LV`. */
  readonly path: string;
}

export interface UnitContext {
  readonly unit: string;
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
  const emitted: Emitted[] = members.map((ready) => ({
    ready,
    volume: emitVolume(builder, context, ready),
    snapshot: null,
  }));
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
    emitSnapshotRemoval(builder, context, one);
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
    if (lend === null || source.kind === 'device') return [];
    return lent(source.volume.group, lend)?.opened ?? [];
  });
  return [...new Set(opened)];
}

function emitVolume(builder: PlanBuilder, context: UnitContext, ready: ReadyMember): readonly ActionId[] {
  const group = builder.model.group(context.backupGroup);
  if (!group) return context.groupNeeds;
  const { member, source, target, path } = ready;
  const { size } = source.identity;
  const wanted = backupExtents(member.spec.size, size, group.extentSize, () => extents(availableFor(group)));
  if (target.kind === 'present') return emitGrowth(builder, context, ready, group, wanted);
  const id = builder.add({
    type: 'volume.create',
    unit: context.unit,
    needs: needing(context.groupNeeds),
    target: path,
    extents: wanted,
    bytes: bytesOf(wanted, group.extentSize),
    placement: placementFor(group, wanted),
    identity: source.identity,
    reason: `no backup volume of ${member.source} yet`,
  });
  return [id];
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
    placement: placementFor(group, added, { near }),
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
  const { volume } = source;
  const group = builder.model.group(volume.group);
  if (!group) return null;
  const { lend } = member.spec.snapshot;
  const loan = lend === null ? null : context.lent(volume.group, lend);
  const wish: Wish = { borrowed: loan?.device ?? null };
  const count = sizedSnapshot(group, ready, wish);
  const growth = growthOf(group, ready, count, wish);
  const needs = [...(loan?.opened == null ? [] : [loan.opened]), ...before];
  return builder.add({
    type: 'snapshot.create',
    unit: context.unit,
    needs: needing(needs),
    target: `${volume.group}/${source.snapshot}`,
    origin: `${volume.group}/${volume.name}`,
    extents: count,
    bytes: bytesOf(count, group.extentSize),
    placement: placementFor(group, extents(count + (growth?.extents ?? 0)), wish),
    ...(growth === null ? {} : { growth }),
    activateOrigin: volume.active ? null : { ignoreSkip: volume.skipActivation },
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
  const { member, source, target, path } = ready;
  const { verify, limit, onReadError } = member.spec;
  const lastDigest = target.kind === 'present' ? completeDigest(target.record) : null;
  const copy: Draft<CopyAction> = {
    type: 'copy',
    unit: context.unit,
    needs: needing([...volume, ...views]),
    source: source.kind === 'volume' ? `${source.volume.group}/${source.snapshot}` : source.device.path,
    target: path,
    mode: lastDigest === null ? 'full' : 'changed',
    ...{ verify, rate: limit.rate, onReadError, lastDigest },
    bytes: source.identity.size,
    identity: source.identity,
    dropTags: target.kind === 'present' ? target.tags : NONE,
    quiesce: source.kind === 'device' ? source.quiesce : null,
    reason: copyReason(target),
  };
  return builder.add(copy);
}

const NONE: readonly string[] = [];

/** What is not proven complete is copied in full. */
function completeDigest({ state, digest }: BackupRecord): string | null {
  return state === 'complete' ? digest : null;
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

function emitSnapshotRemoval(builder: PlanBuilder, context: UnitContext, one: Emitted): void {
  const { source } = one.ready;
  if (source.kind === 'device' || one.snapshot === null) return;
  const created = builder.actions[one.snapshot - 1];
  if (created?.type !== 'snapshot.create') return;
  builder.add({
    type: 'snapshot.remove',
    unit: context.unit,
    closes: one.snapshot,
    target: created.target,
    origin: created.origin,
    deactivateOrigin: created.activateOrigin !== null,
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
