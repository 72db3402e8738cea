/** The actions of one unit: volumes first, then all its snapshots, then each copy with the end of its snapshot. */
import type { ActionId } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { emitBaseRemoval } from './emit-base.ts';
import { emitCopy } from './emit-copy.ts';
import { UnitHooks } from './emit-hooks.ts';
import { emitPoints, emitRemovals } from './emit-points.ts';
import { emitSnapshot, emitSnapshotEnd } from './emit-snapshot.ts';
import { emitVolume } from './emit-volume.ts';
import { growOn } from './growth.ts';
import type { ReadyMember, UnitContext } from './ready.ts';

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
    const copy = emitCopy(builder, context, one.ready, [
      ...one.volume,
      ...(snapshots.length > 0 ? snapshots : before),
    ]);
    // A plain device has no snapshot: it is what it was only while it is copied.
    if (snapshots.length === 0) hooks.after(new Map([[one.ready.member.source, copy]]));
    emitSnapshotEnd(builder, context, one.ready, one.snapshot, copy);
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
