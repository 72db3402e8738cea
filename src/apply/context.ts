/** What the runner needs of the world. Tests give it a simulated one. */
import type { CopyResult } from '../copy/copy.ts';
import type { Progress } from '../copy/progress.ts';
import type { Inventory } from '../lvm/inventory.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import type { Quiesce } from '../plan/action.ts';
import type { Step } from '../plan/step.ts';
import type { ApplyEvent } from './events.ts';
import type { HookCall, HookResult } from './hook-process.ts';

export interface RunContext {
  readonly run: RunCommand;
  /** A fresh report: what closing commands are decided from. */
  readonly readInventory: () => Promise<Inventory>;
  readonly copy: (
    step: Extract<Step, { do: 'copy' }>,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: Progress) => void;
      /** Called before anything of the target changes, or where it is found to be other than it was thought. */
      readonly onTouch: () => void;
    },
  ) => Promise<CopyResult>;
  /** Reads what a restore point holds, past the page cache. */
  readonly check: (
    step: Extract<Step, { do: 'check' }>,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
  ) => Promise<{ readonly digest: string | null; readonly unreadable: readonly unknown[] }>;
  /** Holds the mounted file system of a device still; `release` throws where it was not still to the end. */
  readonly holdStill: (
    quiesce: Quiesce,
    device: string,
  ) => Promise<{ readonly release: () => Promise<void> }>;
  /** Runs one command of the file, in an environment of its own. Never throws: what came of it is the result. */
  readonly runHook: (call: HookCall) => Promise<HookResult>;
  readonly now: () => Date;
  readonly onEvent: (event: ApplyEvent) => void;
  /** Aborted by a signal to the process; its reason is the signal's name. */
  readonly stop: AbortSignal;
}
