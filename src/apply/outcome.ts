/** What a run came to: per source, and what is still open. */
import type { Action, CopyAction } from '../plan/action.ts';
import type { Plan } from '../plan/plan.ts';
import { bytes } from '../units.ts';
import type { Outcome, UnitOutcome } from './events.ts';
import type { RunState } from './run-plan.ts';
import { openText } from './still-open.ts';

export function outcomeOf(
  plan: Plan,
  state: RunState,
  { seconds, stop, sets }: Pick<Outcome, 'seconds' | 'sets'> & { readonly stop: AbortSignal },
): Outcome {
  const copies = plan.actions.filter((action) => action.type === 'copy');
  return {
    units: copies.map((copy) => unitOutcome(plan, copy, state)),
    sets,
    failed: [...state.failed].map(([action, failure]) => ({ action, failure })),
    leftOpen: plan.actions
      .filter((action) => action.closes !== undefined && state.failed.has(action.id))
      .map((action) => ({ action: action.closes ?? action.id, what: openText(action) })),
    signal: stop.aborted ? (stop.reason as Outcome['signal']) : null,
    copiedBytes: bytes(state.copiedBytes),
    writtenBytes: bytes(state.writtenBytes),
    seconds,
  };
}

export function unitOutcome(plan: Plan, copy: CopyAction, state: RunState): UnitOutcome {
  const about = { source: copy.restore ? copy.source : copy.identity.source, target: copy.target };
  if (state.done.has(copy.id)) return { ...about, result: 'complete' };
  const own = state.failed.get(copy.id);
  if (own) return { ...about, result: 'failed', reason: own.message };
  const cause = firstFailure(plan, copy, state);
  if (cause !== null) return { ...about, result: 'failed', reason: cause };
  return { ...about, result: 'skipped', reason: 'the run was interrupted before it' };
}

/** The failure that the copy waited for in vain, however far before it. */
function firstFailure(plan: Plan, action: Action, state: RunState): string | null {
  for (const id of action.needs ?? []) {
    const failure = state.failed.get(id);
    if (failure) return failure.message;
    const needed = plan.actions.find((one) => one.id === id);
    const deeper = needed ? firstFailure(plan, needed, state) : null;
    if (deeper !== null) return deeper;
  }
  return null;
}
