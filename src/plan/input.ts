/** Everything that a plan follows from. The same input gives the same plan. */
import type { Inventory, PvUuid } from '../lvm/inventory.ts';
import type { PvPurpose } from '../lvm/pv-uuid.ts';
import type { Spec } from '../spec/spec.ts';

export interface PlanInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  /** Decides policy (refreshAfter); names and tags have the run's own clock. */
  readonly clock: Date;
  /** Whose days and weeks the policy counts: `Europe/Berlin`. */
  readonly timeZone: string;
  /** Another run is at work: what it has open is no leftover. */
  readonly liveRun: boolean;
  readonly config: { readonly path: string; readonly sha256: string };
  /** Sources to narrow the plan to; empty: all. */
  readonly only: readonly string[];
  /** The first twelve characters of the machine's id. */
  readonly host: string;
  /** Paths whose file system must never be frozen: the tool itself, its state directory, output files. */
  readonly neverFreeze: readonly string[];
  /** Whether a program is installed; null where the state is another machine's. */
  readonly hasProgram: ((name: string) => boolean) | null;
  /** A UUID for a new physical volume that follows from the seed alone. */
  readonly pvUuid: (seed: string, purpose: PvPurpose) => PvUuid;
}
