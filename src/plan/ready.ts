/** What the actions of a unit are made of: its sources that nothing stands against, and what is around them. */
import type { Inventory } from '../lvm/inventory.ts';
import type { HooksSpec } from '../spec/spec.ts';
import type { ActionId } from './action.ts';
import type { CheckedSource } from './check-source.ts';
import type { CheckedTarget } from './check-target.ts';
import type { Member } from './members.ts';
import type { PointsPlan } from './points.ts';

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

/** Undefined where nothing is needed: the document leaves it out then. */
export function needing(needs: readonly ActionId[]): readonly ActionId[] | undefined {
  return needs.length === 0 ? undefined : needs;
}
