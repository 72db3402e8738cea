import { isRunAlive } from '../apply/lock.ts';
import { ExitCode } from '../errors.ts';
import { planDocument } from '../plan/document.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import type { Io } from './io.ts';
import { liveState, makePlan, recordedState, specFor } from './make-plan.ts';
import { patiently } from './patiently.ts';
import { type Shown, shownPlan } from './shown-plan.ts';
import { writeFileAtomically } from './write-file.ts';

export interface PlanOptions extends Shown {
  readonly file?: string;
  readonly state?: string;
  readonly out?: string;
  readonly only: readonly string[];
  readonly detailedExitcode?: boolean;
}

export async function plan(options: PlanOptions, io: Io): Promise<ExitCode> {
  const from = specFor(options.file, 'look', io, options.format === 'json');
  if (!from) return ExitCode.badInput;
  const state =
    options.state === undefined ? await liveState(from.spec, patiently(io)) : recordedState(options.state);
  const made = makePlan({
    ...from,
    state,
    clock: new Date(),
    only: options.only,
    outputs: options.out === undefined ? [] : [options.out],
    // What a live run has open is no leftover; a recorded state tells nothing of runs.
    liveRun: options.state === undefined && isRunAlive(),
  });
  io.out(`${await shownPlan(made, options, io)}\n`);
  if (options.out !== undefined) savePlan(made, options.out, io);
  if (hasErrors(made)) return ExitCode.refused;
  return options.detailedExitcode && made.actions.length > 0 ? ExitCode.changes : ExitCode.done;
}

/** A plan that cannot be applied is not saved: it would only be refused later. */
export function savePlan(made: Plan, path: string, io: Io): void {
  if (hasErrors(made)) {
    io.err(`The plan was not saved to ${path}: it cannot be applied.\n`);
    return;
  }
  writeFileAtomically(path, `${JSON.stringify(planDocument(made), null, 2)}\n`);
  io.err(`Saved. To run exactly this, without a question: lvmbackup apply ${path}\n`);
}
