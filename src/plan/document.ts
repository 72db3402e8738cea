/**
 * The plan as the JSON document of the contract, and back: from a file only what is needed to plan again is taken.
 */
import type { Spec } from '../spec/spec.ts';
import type { Action } from './action.ts';
import type { Plan } from './plan.ts';
import type { RestoreRequest } from './plan-restore.ts';
import { commandsOf } from './steps.ts';

/** A minor step only adds; readers ignore what they do not know and refuse another major. */
export const PLAN_FORMAT = '1.0';

export type ActionDocument = Action & { readonly commands: readonly (readonly string[])[] };

export interface PlanDocument extends Omit<Plan, 'actions'> {
  readonly formatVersion: string;
  readonly actions: readonly ActionDocument[];
}

export function planDocument(plan: Plan): PlanDocument {
  return { formatVersion: PLAN_FORMAT, ...plan, actions: plan.actions.map(actionDocument) };
}

function actionDocument(action: Action): ActionDocument {
  const { id, ...rest } = action;
  return { id, ...rest, commands: commandsOf(action) } as ActionDocument;
}

/** What a saved plan is planned again from, and compared with. */
export interface SavedPlan {
  readonly createdAt: string;
  readonly config: { readonly path: string; readonly sha256: string; readonly spec: Spec | null };
  readonly operation: Plan['operation'];
  readonly only: readonly string[];
  readonly restore?: RestoreRequest;
  readonly groups: readonly { readonly name: string; readonly uuid: string; readonly seqno: number }[];
  readonly actions: readonly ComparedAction[];
}

/** The fields that make two actions the same. */
export interface ComparedAction {
  readonly type: string;
  readonly target: string;
  readonly device?: string;
  readonly extents?: number;
  readonly bytes?: number;
  readonly commands: readonly (readonly string[])[];
}

/** The major number of a document's format; NaN where it has none. */
export function majorOf(formatVersion: unknown): number {
  return typeof formatVersion === 'string' ? Number.parseInt(formatVersion, 10) : Number.NaN;
}
