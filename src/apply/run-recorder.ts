/** From a plan, the events of its run and what it came to, to the line that the history keeps. Pure. */
import { ExitCode } from '../errors.ts';
import type { Action, ActionId } from '../plan/action.ts';
import { clockText, type Plan } from '../plan/plan.ts';
import {
  type HookRecord,
  RUN_FORMAT,
  type RunRecord,
  type RunResult,
  type SourceRecord,
} from '../plan/run-record.ts';
import type { ApplyEvent, Outcome } from './events.ts';

/** A text in the history is a line of a report, not a report of its own. */
const LONGEST = 500;

/** Of what a hook wrote. */
const MOST_LINES = 20;

export class RunRecorder {
  /** By hook action. */
  readonly #said = new Map<ActionId, HookRecord>();
  readonly #bytes = new Map<string, { readonly bytesRead: number; readonly bytesWritten: number }>();

  constructor(
    readonly plan: Plan,
    readonly start: Date,
  ) {}

  /** Of a copy that came to an end: what it read and wrote. Of a hook: what it said last. */
  see(event: ApplyEvent): void {
    if (event.type === 'action.output') this.#keepLine(event.action, event.line);
    if (event.type !== 'action.done' || event.action.type !== 'copy' || !event.result) return;
    const { bytesRead, bytesWritten } = event.result;
    this.#bytes.set(event.action.target, { bytesRead: bytesRead.source + bytesRead.target, bytesWritten });
  }

  #keepLine(action: Action, line: string): void {
    if (action.type !== 'hook') return;
    const lines = [...(this.#said.get(action.id)?.lines ?? []), line].slice(-MOST_LINES);
    const shown = lines.map((one) => shortened(one) ?? '');
    this.#said.set(action.id, { target: action.target, moment: action.moment, lines: shown });
  }

  ran(outcome: Outcome, exitCode: number, end: Date): RunRecord {
    const sources = outcome.units.map(({ source, target, result, reason }) => ({
      ...{ source, target, result, reason: shortened(reason) },
      ...(this.#bytes.get(target) ?? { bytesRead: null, bytesWritten: null }),
    }));
    const [first] = outcome.failed;
    const { signal } = outcome;
    return this.#record(end, {
      result: signal !== null ? 'interrupted' : resultOf(exitCode),
      reason: signal !== null ? `interrupted by ${signal}` : shortened(first?.failure.message),
      exitCode,
      sources: [...sources, ...this.#passedOver()],
    });
  }

  /** Nothing was to be done, or something stood against all of it: the plan's own problems, or a `refusal`. */
  didNothing(exitCode: number, end: Date, refusal: string | null = null): RunRecord {
    const problems = this.plan.problems.flatMap(({ severity, code, message }) =>
      severity === 'error' ? [`${code}: ${message}`] : [],
    );
    const reasons = refusal === null ? problems : [refusal];
    return this.#record(end, {
      result: reasons.length > 0 ? 'refused' : 'nothing',
      reason: shortened(reasons.length > 0 ? reasons.join('; ') : undefined),
      exitCode,
      sources: this.#passedOver(),
    });
  }

  #passedOver(): SourceRecord[] {
    return this.plan.skipped.map(({ source, reason }) => ({
      ...{ source, target: null, result: 'skipped', reason: shortened(reason) },
      ...{ bytesRead: null, bytesWritten: null },
    }));
  }

  #record(end: Date, rest: Pick<RunRecord, 'result' | 'reason' | 'exitCode' | 'sources'>): RunRecord {
    const { config, operation, only, actions } = this.plan;
    const recoversOnly = actions.length > 0 && actions.every(({ recovers }) => recovers === true);
    const sum = (key: 'bytesRead' | 'bytesWritten') =>
      rest.sources.reduce((total, source) => total + (source[key] ?? 0), 0);
    return {
      formatVersion: RUN_FORMAT,
      start: clockText(this.start),
      end: clockText(end),
      operation: recoversOnly ? 'recover' : operation,
      file: config.spec === null ? null : config.path,
      group: config.spec?.group.name ?? null,
      only,
      result: rest.result,
      exitCode: rest.exitCode,
      reason: rest.reason,
      bytesRead: sum('bytesRead'),
      bytesWritten: sum('bytesWritten'),
      sources: rest.sources,
      ...(this.#said.size === 0 ? {} : { hooks: [...this.#said.values()] }),
    };
  }
}

function resultOf(exitCode: number): RunResult {
  if (exitCode === ExitCode.done) return 'done';
  return exitCode === ExitCode.partly ? 'partly' : 'failed';
}

function shortened(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
