import { homedir } from 'node:os';
import type { RunContext } from '../apply/context.ts';
import { requireMountedAt } from '../apply/device-mounts.ts';
import type { ApplyEvent, Outcome } from '../apply/events.ts';
import { hookRunner } from '../apply/hook-process.ts';
import type { Lock } from '../apply/lock.ts';
import { holdStill } from '../apply/quiesce.ts';
import { runPlan } from '../apply/run-plan.ts';
import { RunRecorder } from '../apply/run-recorder.ts';
import { Standstill } from '../apply/standstill.ts';
import { StillOpen } from '../apply/still-open.ts';
import { ExitCode, UserError } from '../errors.ts';
import { readState } from '../lvm/read-state.ts';
import { type SlowNote, tellingOfSlow } from '../lvm/slow-command.ts';
import { type RunCommand, runCommand } from '../lvm/spawn.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import type { Action } from '../plan/action.ts';
import type { SavedPlan } from '../plan/document.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import { compared, staleReasons } from '../plan/stale.ts';
import { type ApplyJson, applyJson } from '../views/apply-json.ts';
import { applyText, outcomeText } from '../views/apply-text.ts';
import { planText } from '../views/plan-text.ts';
import { confirm, confirmRemovals, NotConfirmed } from './confirm.ts';
import { checkStep, copyStep } from './copy-step.ts';
import type { Io } from './io.ts';
import { liveState, makePlan, type PlannedFrom, specFor } from './make-plan.ts';
import { ownProgram } from './own-program.ts';
import { patiently, slowText } from './patiently.ts';
import { rememberRun } from './remember-run.ts';
import { readSavedPlan } from './saved-plan.ts';
import { SIGNAL_CODES, withSignals } from './signals.ts';
import { openStateFolder } from './state-folder.ts';
import { withLock } from './with-lock.ts';

export interface ApplyOptions {
  readonly plan?: string;
  readonly file?: string;
  readonly autoApprove?: boolean;
  /** Remove backup volumes beyond what the file keeps, where nobody can be asked for them by name. */
  readonly allowRemove?: boolean;
  readonly only: readonly string[];
  readonly stateDir: string;
  readonly format: 'text' | 'json';
}

export async function apply(options: ApplyOptions, io: Io, version: string): Promise<ExitCode> {
  if (options.plan !== undefined && (options.file !== undefined || options.only.length > 0)) {
    throw new UserError(ExitCode.badInput, 'a saved plan takes no -f and no --only: it says both itself');
  }
  const saved = options.plan === undefined ? null : readSavedPlan(options.plan);
  if (saved?.operation === 'restore') {
    return (await import('./restore.ts')).applyRestore(saved, options, io, version);
  }
  const wanted = saved === null ? fromFile(options, io) : fromSavedPlan(saved, options.plan ?? '');
  if (!wanted) return ExitCode.badInput;
  return withLock(io, (lock) => underTheLock(wanted, { ...options, lock }, io, version));
}

interface Locked {
  /** What hooks inherit. */
  readonly lock: Lock;
}

/** What is to be applied, before the state is known. */
interface Wanted extends PlannedFrom {
  readonly clock: Date;
  readonly only: readonly string[];
  /** What moved since the plan was saved; empty where none was. */
  readonly moved: (plan: Plan) => string[];
  /** A saved plan is its own approval. */
  readonly approved: boolean;
}

function fromFile(options: ApplyOptions, io: Io): Wanted | null {
  const from = specFor(options.file, 'order', io, options.format === 'json');
  if (!from) return null;
  const approved = options.autoApprove ?? false;
  return { ...from, clock: new Date(), only: options.only, moved: () => [], approved };
}

function fromSavedPlan(saved: SavedPlan, path: string): Wanted {
  const { spec, ...config } = saved.config;
  if (spec === null) {
    throw new UserError(
      ExitCode.badInput,
      `${path} is a plan of what dead runs left, without a file`,
      'run it with: lvmbackup recover',
    );
  }
  return {
    spec,
    config,
    clock: new Date(saved.createdAt),
    only: saved.only ?? [],
    moved: (plan) => staleReasons(saved, plan),
    approved: true,
  };
}

const UNASKED = 'lvmbackup apply -y runs it without a question; so does a saved plan';

async function underTheLock(
  wanted: Wanted,
  options: ApplyOptions & Locked,
  io: Io,
  version: string,
): Promise<ExitCode> {
  openStateFolder(options.stateDir);
  const plan = await planNow(wanted, options.stateDir, io);
  const moved = wanted.moved(plan);
  await rememberingRefusals(plan, options, io, async () => refuseStale(moved));
  const json = options.format === 'json' ? applyJson(io.out, () => new Date()) : null;
  if (json) json.begin(plan, version);
  else io.out(`${planText(plan, { style: io.outStyle, verbose: false })}\n`);
  const refused = hasErrors(plan);
  // What a dead run left is put right even where no backup can be made.
  const work = refused ? recoveryOf(plan) : plan;
  const idle = refused ? ExitCode.refused : ExitCode.done;
  if (refused || work.actions.length === 0) await rememberIdle(plan, idle, options, io);
  if (work.actions.length === 0) return idle;
  const check = async () => {
    if (!wanted.approved) await confirm('Do this?', UNASKED, io);
    if (options.allowRemove !== true) await confirmRemovals(work, io);
    // What was shown is what is run: state that moved while the question stood is a refusal.
    const before = { actions: plan.actions.map(compared), groups: plan.groups };
    refuseStale(staleReasons(before, await planNow(wanted, options.stateDir, io)));
  };
  // That it was refused is remembered already.
  await (refused ? check() : rememberingRefusals(plan, options, io, check));
  const exitCode = await perform(work, options, io, json);
  return refused && exitCode === ExitCode.done ? ExitCode.refused : exitCode;
}

/**
 * What is refused before the first action is a run like any other: someone waits for its backup. Where somebody was
 * asked and said no, nobody does.
 */
export async function rememberingRefusals(
  plan: Plan,
  options: Pick<ApplyOptions, 'stateDir'>,
  io: Io,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    const isRefusal = error instanceof UserError && error.exitCode === ExitCode.refused;
    if (isRefusal && !(error instanceof NotConfirmed))
      await rememberIdle(plan, ExitCode.refused, options, io, error.message);
    throw error;
  }
}

/** A night on which nothing was due, or all was refused, is a run like any other. */
export async function rememberIdle(
  plan: Plan,
  exitCode: ExitCode,
  { stateDir }: Pick<ApplyOptions, 'stateDir'>,
  io: Io,
  refusal: string | null = null,
): Promise<void> {
  const now = new Date();
  await rememberRun(new RunRecorder(plan, now).didNothing(exitCode, now, refusal), stateDir, io);
}

function recoveryOf(plan: Plan): Plan {
  return { ...plan, actions: plan.actions.filter(({ recovers }) => recovers === true) };
}

/** Runs the actions, shows them as they go, and what they came to. */
export async function perform(
  plan: Plan,
  { stateDir, lock }: Pick<ApplyOptions, 'stateDir'> & Locked,
  io: Io,
  json: ApplyJson | null,
): Promise<ExitCode> {
  const show = json?.event ?? applyText({ style: io.errStyle, live: io.live, write: io.err });
  const open = new StillOpen(plan);
  const recorder = new RunRecorder(plan, new Date());
  let current: Action | null = null;
  const note = (slow: SlowNote) =>
    current ? onEvent({ type: 'action.note', action: current, ...slow }) : io.err(slowText(slow, io));
  const standstill = new Standstill((_, slow) => note(slow));
  const onEvent = (event: ApplyEvent) => {
    if (event.type === 'action.start') current = event.action;
    standstill.see(event);
    open.see(event);
    recorder.see(event);
    show(event);
  };
  const outcome = await withSignals(
    (signal) => onEvent({ type: 'interrupted', signal, stillOpen: open.list() }),
    (stop) => runPlan(plan, context({ stateDir, lock }, onEvent, stop, tellingOfSlow(runCommand, note))),
  );
  const exitCode = exitCodeOf(outcome);
  if (json) json.end(outcome, exitCode);
  else
    io.out(`${outcomeText(outcome, io.outStyle, plan.operation === 'restore' ? 'restored' : 'backed up')}\n`);
  await rememberRun(recorder.ran(outcome, exitCode, new Date()), stateDir, io);
  return exitCode;
}

async function planNow({ spec, config, clock, only }: Wanted, stateFolder: string, io: Io): Promise<Plan> {
  return makePlan({
    spec,
    config,
    clock,
    only,
    state: await liveState(spec, patiently(io)),
    outputs: [stateFolder],
    liveRun: false,
  });
}

/** Throws UserError (exit 4) where anything moved. */
export function refuseStale(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw new UserError(
    ExitCode.refused,
    `${staleText(reasons)}. Nothing was changed`,
    'plan again, and read what it says now',
  );
}

function staleText(reasons: readonly string[]): string {
  return `stale-plan: ${reasons.join('; ')}`;
}

function context(
  { stateDir, lock }: Pick<ApplyOptions, 'stateDir'> & Locked,
  onEvent: RunContext['onEvent'],
  stop: AbortSignal,
  run: RunCommand,
): RunContext {
  const readInventory = async () => inventoryOf(await readState({ run, now: new Date(), devices: [] }));
  const program = ownProgram();
  return {
    run,
    readInventory,
    copy: copyStep(stateDir, readInventory, { lock: lock.fd, program }),
    check: checkStep,
    holdStill: async (quiesce, device) => {
      requireMountedAt(device, quiesce.mountPoint);
      return holdStill(quiesce, program);
    },
    runHook: hookRunner(lock.fd, homedir()),
    now: () => new Date(),
    onEvent,
    stop,
  };
}

export function exitCodeOf({ signal, units, failed }: Outcome): ExitCode {
  if (signal !== null) return SIGNAL_CODES[signal];
  if (failed.length === 0) return ExitCode.done;
  return units.some(({ result }) => result === 'complete') ? ExitCode.partly : ExitCode.failed;
}
