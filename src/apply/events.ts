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
  /** A signal came: what is open is being closed. */
  | { readonly type: 'interrupted'; readonly signal: string; readonly stillOpen: readonly string[] };

export interface UnitOutcome {
  readonly source: string;
  readonly target: string;
  readonly result: 'complete' | 'failed' | 'skipped';
  readonly reason?: string;
}

export interface Outcome {
  readonly units: readonly UnitOutcome[];
  readonly failed: readonly { readonly action: ActionId; readonly failure: Failure }[];
  /** Opening actions whose closing failed: still there, tagged. */
  readonly leftOpen: readonly { readonly action: ActionId; readonly what: string }[];
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;
  /** The sizes of the sources that have a complete copy now. */
  readonly copiedBytes: Bytes;
  readonly writtenBytes: Bytes;
  readonly seconds: number;
}
