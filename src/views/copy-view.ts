/** What is shown of a copy by itself, whatever the format. */
import type { CopyResult } from '../copy/copy.ts';
import type { Progress } from '../copy/progress.ts';

export interface CopyView {
  readonly begin: (source: string, target: string, version: string) => void;
  readonly progress: (progress: Progress) => void;
  readonly interrupted: (signal: string) => void;
  readonly done: (result: CopyResult, exitCode: number) => void;
  /** After a signal: the copy is not whole. */
  readonly stopped: (signal: string, exitCode: number) => void;
}
