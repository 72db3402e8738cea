/** The actions on restore points around a copy: the point that follows it, and those that go. */
import { bytesOf, type Extents } from '../units.ts';
import type { ActionId } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { groupOf } from './model.ts';
import type { Goes } from './points.ts';
import type { ReadyMember, UnitContext } from './ready.ts';

/** After a copy was made: its point in the pool, then what the policy keeps no more. */
export function emitPoints(
  builder: PlanBuilder,
  context: Pick<UnitContext, 'unit'>,
  ready: ReadyMember,
  copy: ActionId,
): void {
  const { points, path, source } = ready;
  const made = points.pool === null ? copy : emitPoint(builder, context, ready, copy);
  emitRemovals(builder, context, { path, source, points }, points.after, [made]);
}

function emitPoint(
  builder: PlanBuilder,
  { unit }: Pick<UnitContext, 'unit'>,
  { path, source, member }: ReadyMember,
  copy: ActionId,
): ActionId {
  const head = builder.model.volume(path);
  return builder.add({
    type: 'point.create',
    unit,
    needs: [copy],
    target: `${path}.{time}`,
    head: path,
    copied: null,
    deactivateHead: false,
    extents: head?.extents ?? (0 as Extents),
    bytes: head?.size ?? source.identity.size,
    identity: source.identity,
    reason: `the restore point of ${member.source} that this copy becomes`,
  });
}

/** Points in a pool go by policy; a volume of its own that goes is asked for by name. */
export function emitRemovals(
  builder: PlanBuilder,
  { unit }: Pick<UnitContext, 'unit'>,
  { points }: Pick<ReadyMember, 'points' | 'path' | 'source'>,
  goes: readonly Goes[],
  needs: readonly ActionId[],
): void {
  for (const { point, reason } of goes) {
    const { volume, path } = point;
    const extentSize = builder.model.group(groupOf(path))?.extentSize;
    builder.add({
      type: points.pool === null ? 'volume.remove' : 'point.remove',
      unit,
      ...(needs.length > 0 ? { needs } : {}),
      target: path,
      extents: volume.extents,
      bytes: extentSize === undefined ? volume.size : bytesOf(volume.extents, extentSize),
      reason,
    });
  }
}
