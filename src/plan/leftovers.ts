/** What dead runs left, as a report tells of it: what recovery would put right, and what only a person can. */
import type { Inventory } from '../lvm/inventory.ts';
import { unfinishedRestores } from './mounted-points.ts';
import { planRecovery } from './plan-backup.ts';

export interface StatusLeftover {
  /** `VG/LV`, a device, or the group that still has a device that was lent to it. */
  readonly target: string;
  readonly reason: string;
  /** The source whose run it was; null where it served a whole group. */
  readonly source: string | null;
}

/** The mount points of file systems that a dead run held still. */
export function stillHeld(mountPoints: readonly string[]): StatusLeftover[] {
  return mountPoints.map((target) => ({ target, reason: 'a dead run held it still', source: null }));
}

export function leftoversOf(inventory: Inventory, clock: Date): StatusLeftover[] {
  const { actions, problems } = planRecovery({ inventory, clock });
  return [
    ...actions.map(({ target, reason, ...action }) => ({
      target: 'device' in action ? `${target} (${action.device})` : target,
      reason,
      source: action.unit ?? null,
    })),
    ...problems.map(({ group, message }) => ({ target: group ?? '', reason: message, source: null })),
    ...unfinishedRestores(inventory).map((target) => ({
      ...{ target, source: null },
      reason: 'the target of a restore that was not finished: restore it again',
    })),
  ];
}
