/** A proposed file is tried before it is shown: what cannot be planned is asked for in a smaller way, or left out. */
import type { Diagnostic } from '../diagnostics.ts';
import { ExitCode, UserError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';
import { parseSpec } from '../spec/parse.ts';
import { initYaml, type Proposal, type ProposedSource, SOURCE_LINE } from '../views/init-yaml.ts';
import { makePlan, type StateRead } from './make-plan.ts';

/** Throws UserError (exit 4) where nothing can be backed up. */
export function untilItPlans(
  first: Proposal,
  state: StateRead,
  clock: Date,
): { readonly text: string; readonly sources: Proposal['sources'] } {
  let proposal = first;
  // Each round makes one source smaller or leaves it out, so there is an end.
  for (;;) {
    if (proposal.sources.length === 0) throw nothingLeft(proposal);
    const text = initYaml(proposal);
    const fault = faultIn(text, proposal, state, clock);
    if (fault === null) return { text, sources: proposal.sources };
    proposal = fault;
  }
}

/** The proposal without what stands against it; null where nothing does. */
function faultIn(text: string, proposal: Proposal, state: StateRead, clock: Date): Proposal | null {
  const result = parseSpec(new TextEncoder().encode(text));
  if ('errors' in result) return withoutInvalid(text, proposal, result.errors);
  const config = { path: 'backup.yaml', sha256: '' };
  const plan = makePlan({
    ...{ spec: result.spec, config, state, clock },
    ...{ only: [], outputs: [], liveRun: false },
  });
  const [problem] = problemsOf(plan);
  return problem ? without(proposal, problem) : null;
}

/** Names that are too long together, or that meet: the source that they are told at is left out. */
function withoutInvalid(text: string, proposal: Proposal, errors: readonly Diagnostic[]): Proposal {
  const [error] = errors;
  const before = text.split('\n').slice(0, error?.range?.start.line ?? 0);
  const at = before.filter((line) => line.startsWith(SOURCE_LINE)).length - 1;
  const found = proposal.sources[at];
  if (!found) throw new Error(`the file that was proposed is not valid: ${JSON.stringify(errors)}\n${text}`);
  return leaveOut(proposal, found, error?.message ?? 'it cannot be written in the file');
}

function leaveOut(proposal: Proposal, found: ProposedSource, reason: string): Proposal {
  return {
    ...proposal,
    sources: proposal.sources.filter((one) => one !== found),
    leftOut: [...proposal.leftOut, { source: found.source, reason }],
  };
}

function problemsOf({ problems }: Plan): Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

function without(proposal: Proposal, problem: Problem): Proposal {
  const { sources } = proposal;
  const found = sources.find(({ source }) => source === problem.unit);
  if (!found)
    throw new UserError(
      ExitCode.refused,
      `${problem.code}: ${problem.message}. Nothing was written`,
      problem.hint,
    );
  if (problem.code === 'insufficient-space' && problem.group === found.group && !found.small) {
    return { ...proposal, sources: sources.map((one) => (one === found ? { ...one, small: true } : one)) };
  }
  return leaveOut(proposal, found, `${problem.code}: ${problem.message}`);
}

function nothingLeft({ leftOut }: Proposal): UserError {
  const reasons = leftOut.slice(0, 5).map(({ source, reason }) => `${source} ${reason}`);
  const why = reasons.length === 0 ? 'there is no logical volume' : reasons.join('; ');
  return new UserError(
    ExitCode.refused,
    `nothing can be backed up here: ${why}. Nothing was written`,
    'see `lvs` and `vgs`',
  );
}
