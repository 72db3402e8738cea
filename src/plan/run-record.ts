/**
 * What is remembered of a run: one line of the history (`schemas/run.schema.json`), and what the history tells of one
 * source. Nothing that a restore needs: backup volumes tell themselves what they hold.
 */

/** A minor step only adds; readers ignore what they do not know and pass over another major. */
export const RUN_FORMAT = '1.0';

/** `nothing`: every source was fresh, or the backup group was not there and need not be. */
export type RunResult = 'done' | 'partly' | 'failed' | 'refused' | 'interrupted' | 'nothing';

export interface RunRecord {
  readonly formatVersion: string;
  /** RFC 3339 UTC, whole seconds. */
  readonly start: string;
  readonly end: string;
  /** `backup`, `recover`, … as the plan says it. */
  readonly operation: string;
  /** The file that asked for it, and the backup group that it is about; null where there was no file. */
  readonly file: string | null;
  readonly group: string | null;
  /** `--only`; empty: every source. */
  readonly only: readonly string[];
  readonly result: RunResult;
  readonly exitCode: number;
  /** Of anything but a success: the first thing that stood against it. */
  readonly reason: string | null;
  /** By copies that came to an end, on both sides. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly sources: readonly SourceRecord[];
  /** Hooks that wrote something, in their order; missing where none did. */
  readonly hooks?: readonly HookRecord[];
}

export interface HookRecord {
  /** The source, or `set NAME`. */
  readonly target: string;
  readonly moment: string;
  /** The last lines of both outputs. */
  readonly lines: readonly string[];
}

export interface SourceRecord {
  readonly source: string;
  /** `VG/LV`; null where the run did not come to it. */
  readonly target: string | null;
  readonly result: 'complete' | 'failed' | 'refused' | 'skipped';
  readonly reason: string | null;
  /** null where no copy came to an end. */
  readonly bytesRead: number | null;
  readonly bytesWritten: number | null;
}

/** What came of a source when it was last due. */
export interface LastResult {
  readonly time: string;
  readonly result: 'complete' | 'failed' | 'refused' | 'skipped';
  readonly reason: string | null;
  readonly bytesRead: number | null;
  readonly bytesWritten: number | null;
}

/** The backups to one group, the newest first, to be asked for many sources. */
export type GroupHistory = readonly IndexedRun[];

interface IndexedRun {
  readonly run: RunRecord;
  readonly bySource: ReadonlyMap<string, SourceRecord>;
}

/** One host may have several files, each for a group of its own. `runs`: the oldest first. */
export function historyOf(runs: readonly RunRecord[], group: string): GroupHistory {
  return runs
    .filter((run) => run.operation === 'backup' && run.group === group)
    .map((run) => ({ run, bySource: new Map(run.sources.map((one) => [one.source, one])) }))
    .reverse();
}

/** The newest run that had to do with the source; one that found it fresh says nothing. */
export function lastResult(history: GroupHistory, source: string): LastResult | null {
  for (const run of history) {
    const result = resultIn(run, source);
    if (result && result.result !== 'skipped') return result;
  }
  return null;
}

/** When the source was last copied whole, as far as the history goes back; null where it tells of none. */
export function lastComplete(history: GroupHistory, source: string): LastResult | null {
  for (const run of history) {
    const result = resultIn(run, source);
    if (result?.result === 'complete') return result;
  }
  return null;
}

function resultIn({ run, bySource }: IndexedRun, source: string): LastResult | null {
  const own = bySource.get(source);
  if (own) {
    const { result, reason, bytesRead, bytesWritten } = own;
    return { time: run.end, result, reason, bytesRead, bytesWritten };
  }
  // A plan that is refused is refused for all that it is about.
  if (run.result !== 'refused' || (run.only.length > 0 && !run.only.includes(source))) return null;
  return { time: run.end, result: 'refused', reason: run.reason, bytesRead: null, bytesWritten: null };
}
