import { isRunAlive } from '../apply/lock.ts';
import { ExitCode } from '../errors.ts';
import { planDocument } from '../plan/document.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import { planText } from '../views/plan-text.ts';
import type { Io } from './io.ts';
import { liveState, makePlan, recordedState, specFor } from './make-plan.ts';
import { patiently } from './patiently.ts';
import { writeFileAtomically } from './write-file.ts';

export interface PlanOptions {
  readonly file?: string;
  readonly state?: string;
  readonly out?: string;
  readonly format: 'text' | 'json' | 'markdown';
  readonly only: readonly string[];
  readonly detailedExitcode?: boolean;
  readonly diff?: boolean;
  readonly verbose?: boolean;
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
  io.out(`${await shown(made, options, io)}\n`);
  if (options.out !== undefined) savePlan(made, options.out, io);
  if (hasErrors(made)) return ExitCode.refused;
  return options.detailedExitcode && made.actions.length > 0 ? ExitCode.changes : ExitCode.done;
}

async function shown(made: Plan, options: PlanOptions, io: Io): Promise<string> {
  switch (options.format) {
    case 'json':
      return JSON.stringify(planDocument(made), null, 2);
    case 'markdown': {
      const { planMarkdown } = await import('../views/plan-markdown.ts');
      return planMarkdown(made);
    }
    case 'text': {
      const text = planText(made, { style: io.outStyle, verbose: options.verbose ?? false });
      if (!options.diff) return text;
      const { planDiff } = await import('../views/plan-diff.ts');
      return [planDiff(made, io.outStyle), text].filter((part) => part !== '').join('\n\n');
    }
  }
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
