/** The commands of one hook action, and whether those that follow an outcome are due. */
import type { CopyAction, HookAction } from '../plan/action.ts';
import type { Plan } from '../plan/plan.ts';
import { stepsOf } from '../plan/steps.ts';
import type { RunContext } from './context.ts';
import { HookFailed } from './failure.ts';
import type { HookResult } from './hook-process.ts';
import { unitOutcome } from './outcome.ts';
import type { RunState } from './run-plan.ts';

/** What became of that which the hooks are about. */
export interface HookOutcome {
  readonly result: 'complete' | 'failed' | 'interrupted';
  /** Of the first source that has no new copy. */
  readonly error: string | null;
}

/**
 * What comes before stops at its first failure, for the snapshot is not taken then. All else is run to the end: that
 * one command failed is no reason to leave the next thing stopped.
 */
export async function runHooks(
  action: HookAction,
  environment: Readonly<Record<string, string>>,
  { runHook, onEvent }: Pick<RunContext, 'runHook' | 'onEvent'>,
): Promise<void> {
  const failures: HookFailed[] = [];
  for (const step of stepsOf(action)) {
    if (step.do !== 'hook') continue;
    const result = await runHook({
      argv: step.argv,
      environment,
      timeout: action.timeout,
      onLine: (stream, line) => onEvent({ type: 'action.output', action, stream, line }),
    });
    const failure = failureText(result, action);
    if (failure === null) continue;
    failures.push(new HookFailed(`${step.argv.join(' ')} ${failure}`, result.lastLines));
    if (action.moment === 'before') break;
  }
  const [first] = failures;
  if (!first) return;
  const more = failures.length === 1 ? '' : ` (and ${failures.length - 1} more failed after it)`;
  throw new HookFailed(`${first.message}${more}`, first.lines);
}

function failureText({ end }: HookResult, { timeout }: HookAction): string | null {
  switch (end.kind) {
    case 'exited':
      return end.exitCode === 0 ? null : `failed (exit code ${end.exitCode})`;
    case 'killed':
      return `was ended by ${end.signal}`;
    case 'too-late':
      return `took longer than ${timeout} s and was ended, with all that it had started`;
    case 'not-started':
      return `could not be started: ${end.reason}`;
  }
}

/** Whether a hook that follows an outcome is due. A source that the run never came to has none. */
export function isDue(plan: Plan, action: HookAction, state: RunState, stop: AbortSignal): boolean {
  const { result } = hookOutcome(plan, action, state, stop);
  if (action.moment === 'onSuccess') return result === 'complete';
  if (result === 'complete') return false;
  return (
    result === 'failed' || plan.actions.some(({ id, unit }) => unit === action.unit && state.begun.has(id))
  );
}

export function hookOutcome(
  plan: Plan,
  { copies = [] }: HookAction,
  state: RunState,
  stop: AbortSignal,
): HookOutcome {
  const units = copies.map((id) => unitOutcome(plan, plan.actions[id - 1] as CopyAction, state));
  const missing = units.find(({ result }) => result !== 'complete');
  if (!missing) return { result: 'complete', error: null };
  const error = missing.reason ?? null;
  return { result: stop.aborted ? 'interrupted' : 'failed', error };
}
