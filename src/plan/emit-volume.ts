/** The backup volume of a source: created, or extended where its source has outgrown it. */
import { bytesOf, type Extents, extents, extentsFor } from '../units.ts';
import type { ActionId } from './action.ts';
import { availableFor } from './allocate.ts';
import type { PlanBuilder } from './builder.ts';
import type { ModelGroup } from './model.ts';
import { NOWHERE, placementFor } from './placement.ts';
import { needing, type ReadyMember, type UnitContext } from './ready.ts';
import { backupExtents } from './size.ts';

/** Gives the actions that whoever writes to it waits for. */
export function emitVolume(
  builder: PlanBuilder,
  context: UnitContext,
  ready: ReadyMember,
): readonly ActionId[] {
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
