/** The plan: the one document that every view shows and apply runs. Its JSON is `schemas/plan.schema.json`. */
import type { Spec } from '../spec/spec.ts';
import type { Bytes, Extents } from '../units.ts';
import type { Action, ActionId } from './action.ts';
import type { RestoreRequest } from './plan-restore.ts';
import type { Problem } from './problem.ts';

export interface Plan {
  readonly operation: 'backup' | 'restore' | 'recover';
  /** RFC 3339 UTC, whole seconds: the plan's clock. */
  readonly createdAt: string;
  readonly lvmVersion: string | null;
  readonly config: PlanConfig;
  /** `--only` as given; empty: every source. */
  readonly only: readonly string[];
  /** What was asked for, where it is the plan of a restore. */
  readonly restore?: RestoreRequest;
  /** The groups that the plan touches or reads, as they were. */
  readonly groups: readonly { readonly name: string; readonly uuid: string; readonly seqno: number }[];
  readonly actions: readonly Action[];
  readonly space: readonly GroupSpace[];
  readonly problems: readonly Problem[];
  /** Sources that need nothing now, and why. */
  readonly skipped: readonly Skipped[];
  /** The restore points of each source that keeps more than one, and what becomes of them. */
  readonly points: readonly SourcePoints[];
  /** What patterns left out, and why. */
  readonly leftOut: readonly Skipped[];
  readonly summary: Summary;
  /** The layout of the groups before and after, one line each, for `--diff`: much work, and only done when asked. */
  readonly layout: () => { readonly before: readonly string[]; readonly after: readonly string[] };
}

export interface PlanConfig {
  readonly path: string;
  readonly sha256: string;
  /** Null where no file was read: recovery needs none. */
  readonly spec: Spec | null;
}

export interface SourcePoints {
  readonly source: string;
  /** Newest first. */
  readonly points: readonly PointView[];
}

export interface PointView {
  /** `VG/LV`. */
  readonly volume: string;
  /** RFC 3339 UTC; null where it has none yet. */
  readonly time: string | null;
  readonly state: 'complete' | 'incomplete' | 'damaged';
  /** `new`: this run makes it. `replace`: this run writes over it. */
  readonly verdict: 'new' | 'keep' | 'replace' | 'remove';
  readonly reasons: readonly string[];
}

export interface Skipped {
  readonly source: string;
  readonly reason: string;
}

/** The trace of one group's free extents through the plan. */
export interface GroupSpace {
  readonly group: string;
  readonly extentSize: Bytes;
  /** Extents of the group at the end: the length of the bar. */
  readonly extents: Extents;
  readonly freeBefore: Extents;
  readonly freeLowest: Extents;
  /** The first action that left it so; null where nothing takes extents. */
  readonly lowestAt: ActionId | null;
  readonly freeAfter: Extents;
}

export interface Summary {
  readonly create: number;
  readonly change: number;
  readonly remove: number;
  readonly copyBytes: Bytes;
}

/** The plan's clock as the document has it: RFC 3339 UTC without a fraction, `2026-11-23T09:15:00Z`. */
export function clockText(clock: Date): string {
  return clock.toISOString().replace(/\.\d+Z$/, 'Z');
}

export function hasErrors(plan: Pick<Plan, 'problems'>): boolean {
  return plan.problems.some((problem) => problem.severity === 'error');
}
