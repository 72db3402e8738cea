/** What stands against a plan, or should be known before it is applied. */
import type { Bytes } from '../units.ts';
import type { ActionId } from './action.ts';

export type ErrorCode =
  | 'insufficient-space'
  | 'not-owned'
  | 'other-source'
  | 'group-missing'
  | 'group-unusable'
  | 'source-missing'
  | 'source-unsupported'
  | 'source-in-use'
  | 'source-restoring'
  | 'target-in-use'
  | 'tool-missing'
  | 'device-missing'
  | 'device-not-blank'
  | 'device-in-use'
  | 'device-shared'
  | 'base-on-lent'
  | 'block-size-mismatch'
  | 'name-taken'
  | 'stale-plan'
  | 'point-incomplete'
  | 'point-damaged';

export type WarningCode =
  | 'same-disk'
  | 'may-overflow'
  | 'single-copy'
  | 'boot-risk'
  | 'unencrypted-target'
  | 'device-unknown'
  | 'duplicate-id'
  | 'point-incomplete'
  | 'point-damaged';

interface ProblemBase {
  readonly message: string;
  /** What would help. */
  readonly hint?: string;
  /** The action that cannot be, or that the warning is about. */
  readonly action?: ActionId;
  /** The source or set that it stops. */
  readonly unit?: string;
  readonly group?: string;
}

export interface Shortage {
  /** Extents of `group` that the action takes. */
  readonly needed: number;
  readonly available: number;
  readonly extentSize: Bytes;
}

export type Problem =
  | (ProblemBase & { readonly severity: 'error'; readonly code: Exclude<ErrorCode, 'insufficient-space'> })
  | (ProblemBase & Shortage & { readonly severity: 'error'; readonly code: 'insufficient-space' })
  | (ProblemBase & { readonly severity: 'warning'; readonly code: WarningCode });
