/** What apply tells as it goes: finished facts, which the views turn into text or JSON lines. */
import type { CopyResult } from '../copy/copy.ts';
import type { Progress } from '../copy/progress.ts';
import type { Action, ActionId } from '../plan/action.ts';
import type { Bytes } from '../units.ts';

export interface Failure {
  /** One sentence: what failed, on what. */
  readonly message: string;
  /** LVM's own reasons, or the command's last lines of standard error. */
  readonly details: readonly string[];
  readonly hint?: string;
}

export type ApplyEvent =
  | { readonly type: 'action.start'; readonly action: Action }
  | {
      readonly type: 'action.progress';
      readonly action: Action;
      readonly progress: Progress;
      /** How full the snapshot that is copied is, in percent; null where it is none, or not known yet. */
      readonly snapshotFill: number | null;
    }
  /** A line that a hook or another program of the action wrote. */
  | {
      readonly type: 'action.output';
      readonly action: Action;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    }
  | {
      readonly type: 'action.done';
      readonly action: Action;
      readonly seconds: number;
      /** Of a copy. */
      readonly result?: CopyResult;
    }
  | {
      readonly type: 'action.failed';
      readonly action: Action;
      readonly seconds: number;
      readonly failure: Failure;
    }
  /** Not run: something that it needs failed, or the run was interrupted. */
  | { readonly type: 'action.skipped'; readonly action: Action; readonly reason: string }
  /** All snapshots of a set are there. */
  | ({ readonly type: 'set.frozen' } & SetSpread)
  /** What people should know of an action that goes on. */
  | {
      readonly type: 'action.note';
      readonly action: Action;
      readonly message: string;
      readonly hint?: string;
    }
  /** A signal came: what is open is being closed. */
  | { readonly type: 'interrupted'; readonly signal: string; readonly stillOpen: readonly string[] };

/** How far apart the snapshots of a set are. */
export interface SetSpread {
  /** `set NAME`. */
  readonly unit: string;
  readonly snapshots: number;
  /** From the beginning of the first to the end of the last: what was written meanwhile may be in one and not in the other. */
  readonly seconds: number;
}

export interface UnitOutcome {
  readonly source: string;
  readonly target: string;
  readonly result: 'complete' | 'failed' | 'skipped';
  readonly reason?: string;
}

export interface Outcome {
  readonly units: readonly UnitOutcome[];
  readonly sets: readonly SetSpread[];
  readonly failed: readonly { readonly action: ActionId; readonly failure: Failure }[];
  /** Opening actions whose closing failed: still there, tagged. */
  readonly leftOpen: readonly { readonly action: ActionId; readonly what: string }[];
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;
  /** The sizes of the sources that have a complete copy now. */
  readonly copiedBytes: Bytes;
  readonly writtenBytes: Bytes;
  readonly seconds: number;
}
