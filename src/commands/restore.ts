/** `lvmbackup restore`: a restore point back onto its source or another volume, shown and confirmed as a plan is. */
import { isRunAlive } from '../apply/lock.ts';
import { ExitCode, UserError } from '../errors.ts';
import { UnknownPoint } from '../plan/choose-point.ts';
import type { SavedPlan } from '../plan/document.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import { planRestore, type RestoreRequest } from '../plan/plan-restore.ts';
import { compared, staleReasons } from '../plan/stale.ts';
import { nearest } from '../spec/suggest.ts';
import { applyJson } from '../views/apply-json.ts';
import { perform, refuseStale, rememberIdle, rememberingRefusals } from './apply.ts';
import { confirm } from './confirm.ts';
import type { Io } from './io.ts';
import { savePlan } from './plan.ts';
import { groupOfFile, readMachine } from './read-machine.ts';
import { type Shown, shownPlan } from './shown-plan.ts';
import { withLock } from './with-lock.ts';

export interface RestoreOptions extends Shown {
  readonly point?: string;
  readonly to?: string;
  readonly file?: string;
  readonly out?: string;
  readonly autoApprove?: boolean;
  readonly stateDir: string;
}

/** Of one that is done at once. */
type RunOptions = Pick<RestoreOptions, 'stateDir' | 'diff' | 'verbose'> & {
  readonly format: 'text' | 'json';
};

export async function restore(
  source: string,
  options: RestoreOptions,
  io: Io,
  version: string,
): Promise<ExitCode> {
  const { format } = options;
  const group = groupOfFile(options.file, io, format === 'json');
  if (group === undefined) return ExitCode.badInput;
  const request = { source, point: options.point ?? null, to: options.to ?? null, group };
  if (options.out !== undefined) return planOnly(request, options.out, options, io);
  if (format === 'markdown') {
    throw new UserError(
      ExitCode.badInput,
      'markdown shows a plan to others, and a restore is done at once',
      'save the plan with --out FILE, and apply it when they agree',
    );
  }
  const approved = options.autoApprove ?? false;
  return underTheLock(
    { request, clock: new Date(), saved: false, moved: () => [], approved },
    { ...options, format },
    io,
    version,
  );
}

/** `apply PLAN` of a plan that `restore --out` saved: it is its own approval. */
export async function applyRestore(
  saved: SavedPlan,
  options: RunOptions,
  io: Io,
  version: string,
): Promise<ExitCode> {
  if (!saved.restore) {
    throw new UserError(
      ExitCode.badInput,
      'this plan does not say what is to be restored',
      'plan it again: lvmbackup restore --out FILE',
    );
  }
  const moved = (plan: Plan) => staleReasons(saved, plan);
  const wanted = {
    request: saved.restore,
    clock: new Date(saved.createdAt),
    saved: true,
    moved,
    approved: true,
  };
  return underTheLock(wanted, options, io, version);
}

/** Changes nothing, so it takes no lock. */
async function planOnly(request: RestoreRequest, path: string, options: Shown, io: Io): Promise<ExitCode> {
  const plan = await planNow({ request, clock: new Date(), saved: true }, isRunAlive());
  io.out(`${await shownPlan(plan, options, io)}\n`);
  savePlan(plan, path, io);
  return hasErrors(plan) ? ExitCode.refused : ExitCode.done;
}

interface Wanted {
  readonly request: RestoreRequest;
  readonly clock: Date;
  readonly saved: boolean;
  /** What moved since the plan was saved; empty where none was. */
  readonly moved: (plan: Plan) => string[];
  readonly approved: boolean;
}

async function underTheLock(
  { request, clock, saved, moved, approved }: Wanted,
  { stateDir, ...show }: RunOptions,
  io: Io,
  version: string,
): Promise<ExitCode> {
  return withLock(io, async (lock) => {
    const plan = await planNow({ request, clock, saved }, false);
    await rememberingRefusals(plan, { stateDir }, io, async () => refuseStale(moved(plan)));
    const json = show.format === 'json' ? applyJson(io.out, () => new Date()) : null;
    if (json) json.begin(plan, version);
    else io.out(`${await shownPlan(plan, show, io)}\n`);
    if (hasErrors(plan)) {
      await rememberIdle(plan, ExitCode.refused, { stateDir }, io);
      return ExitCode.refused;
    }
    await rememberingRefusals(plan, { stateDir }, io, async () => {
      if (!approved) await confirm(questionOf(request), UNASKED, io);
      const before = { actions: plan.actions.map(compared), groups: plan.groups };
      refuseStale(staleReasons(before, await planNow({ request, clock, saved }, false)));
    });
    return await perform(plan, { stateDir, lock }, io, json);
  });
}

const UNASKED = 'lvmbackup restore -y runs it without a question; so does a plan that --out saved';

function questionOf({ source, to }: RestoreRequest): string {
  return `Write over ${to ?? source}?`;
}

/** Throws UserError (exit 3) where the command line names what is not there. */
async function planNow(
  { request, clock, saved }: Pick<Wanted, 'request' | 'clock' | 'saved'>,
  liveRun: boolean,
): Promise<Plan> {
  const devices = [request.source, request.to ?? ''].filter((name) => name.startsWith('/'));
  const inventory = await readMachine(devices);
  try {
    return planRestore({ inventory, clock, liveRun, request, saved });
  } catch (error) {
    throw unknownPoint(error, request.source);
  }
}

/** What the planner throws where a source or a point is not there, as the error of the command line that it is. */
export function unknownPoint(error: unknown, source: string): unknown {
  if (!(error instanceof UnknownPoint)) return error;
  const near = nearest(source, error.known);
  const hint = near === null ? error.hint : `did you mean ${near}?`;
  return new UserError(ExitCode.badInput, error.message, hint, { cause: error });
}
