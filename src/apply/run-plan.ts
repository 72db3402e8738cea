/**
 * The runner: performs exactly the plan's actions, in order.
 *
 * Brackets make it safe. An opening action counts as open from its first command, not from its success; whatever
 * happens, the actions that close what is open are run, and they are the plan's own tail. Everything else is run
 * where nothing that it needs has failed.
 */
import type { CopyResult } from '../copy/copy.ts';
import { removesVolume } from '../lvm/commands.ts';
import { releaseLeft } from '../lvm/metadata-snapshot.ts';
import type {
  Action,
  ActionId,
  CopyAction,
  GroupReduce,
  HookAction,
  SnapshotCreate,
  SnapshotKeep,
  SnapshotRemove,
} from '../plan/action.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import { stepsOf } from '../plan/steps.ts';
import { closingSteps } from './closing.ts';
import type { RunContext } from './context.ts';
import type { Failure, Outcome, SetSpread } from './events.ts';
import { CommandFailed, failureOf } from './failure.ts';
import { hookEnvironment } from './hook-environment.ts';
import { outcomeOf } from './outcome.ts';
import { compactTime, fillIn, timeText } from './placeholders.ts';
import { runRestore } from './restore-run.ts';
import { runCopy, type Values } from './run-copy.ts';
import { hookOutcome, isDue, runHooks } from './run-hooks.ts';
import { SetSpreads } from './set-spread.ts';
import { SnapshotWatches } from './snapshot-watches.ts';
import { unmapLeft } from './unmap.ts';

/** What became of each action so far. */
export interface RunState {
  readonly done: Set<ActionId>;
  readonly failed: Map<ActionId, Failure>;
  /** Actions that were begun, whether they succeeded or not. */
  readonly begun: Set<ActionId>;
  copiedBytes: number;
  writtenBytes: number;
}

export async function runPlan(plan: Plan, context: RunContext): Promise<Outcome> {
  const runner = new Runner(plan, context);
  const started = context.now();
  for (const action of plan.actions) await runner.take(action);
  const seconds = (context.now().getTime() - started.getTime()) / 1000;
  return outcomeOf(plan, runner.state, { seconds, stop: context.stop, sets: runner.sets });
}

class Runner {
  readonly state: RunState = {
    done: new Set(),
    failed: new Map(),
    begun: new Set(),
    copiedBytes: 0,
    writtenBytes: 0,
  };
  readonly #run: string;
  readonly #watches: SnapshotWatches;
  /** By source: when it was frozen. Each member of a set has its own time: the one that its copy is of. */
  readonly #frozenAt = new Map<string, string>();
  readonly #spreads: SetSpreads;
  /** By target: what was copied to it. */
  readonly #copied = new Map<string, Values>();

  constructor(
    readonly plan: Plan,
    readonly context: RunContext,
  ) {
    this.#run = compactTime(context.now());
    this.#spreads = new SetSpreads(plan.actions);
    this.#watches = new SnapshotWatches(plan, context, this.state);
  }

  get sets(): readonly SetSpread[] {
    return this.#spreads.whole;
  }

  /** One action: run, closed, or passed over. Never throws: what failed is in the state. */
  async take(action: Action): Promise<void> {
    if (action.type === 'hook' && action.copies) {
      if (isDue(this.plan, action, this.state, this.context.stop))
        await this.#perform(action, () => this.#hooks(action));
      return;
    }
    if (isClosing(action)) {
      if (this.state.begun.has(action.closes)) await this.#perform(action, () => this.#close(action));
      return;
    }
    const reason = this.#whyNot(action);
    if (reason !== null) {
      this.context.onEvent({ type: 'action.skipped', action, reason });
      return;
    }
    await this.#perform(action, () => this.#open(action));
  }

  #whyNot(action: Action): string | null {
    if (this.context.stop.aborted) return `interrupted by ${this.context.stop.reason}`;
    const missing = (action.needs ?? []).filter((id) => !this.state.done.has(id));
    return missing.length === 0
      ? null
      : `it needs action ${missing.join(' and ')}, which failed or was not run`;
  }

  async #perform(action: Action, work: () => Promise<CopyResult | null>): Promise<void> {
    const { onEvent, now } = this.context;
    const started = now().getTime();
    const elapsed = () => (now().getTime() - started) / 1000;
    this.state.begun.add(action.id);
    onEvent({ type: 'action.start', action });
    try {
      const result = await work();
      this.state.done.add(action.id);
      onEvent({ type: 'action.done', action, seconds: elapsed(), ...(result ? { result } : {}) });
    } catch (error) {
      const failure = failureOf(error);
      this.state.failed.set(action.id, failure);
      onEvent({ type: 'action.failed', action, seconds: elapsed(), failure });
    }
  }

  async #open(action: Action): Promise<CopyResult | null> {
    if (action.type === 'copy') return action.restore ? this.#restore(action) : this.#copy(action);
    if (action.type === 'hook') return this.#hooks(action);
    if (action.type === 'snapshot.create') return this.#freeze(action);
    return this.#runSteps(action);
  }

  async #runSteps(action: Action): Promise<null> {
    const values = (action.type === 'point.create' && this.#copied.get(action.head)) || {};
    for (const step of stepsOf(action)) await this.#step(step, values);
    return null;
  }

  async #step(step: Step, values: Values): Promise<void> {
    if (step.do === 'run') await this.#persistently(step.argv, values);
    if (step.do === 'unmap') await unmapLeft(step, this.context.run);
    if (step.do === 'release') await releaseLeft(step, step.root, this.context.run);
  }

  async #freeze(action: SnapshotCreate): Promise<null> {
    const { unit, origin } = action;
    const began = this.context.now();
    await this.#runSteps(action);
    const ended = this.context.now();
    this.#frozenAt.set(origin, timeText(ended));
    const spread = this.#spreads.add(unit, began, ended);
    if (spread) this.context.onEvent({ type: 'set.frozen', ...spread });
    return null;
  }

  async #hooks(action: HookAction): Promise<null> {
    const copies = action.copies ?? [];
    // RFC 3339 in UTC sorts as it was: of a set, the time of its last snapshot.
    const frozen = action.sources.flatMap(({ source }) => this.#frozenAt.get(source) ?? []);
    const times = { run: this.#run, time: frozen.sort().at(-1) };
    const outcome =
      copies.length === 0 ? null : hookOutcome(this.plan, action, this.state, this.context.stop);
    await runHooks(action, hookEnvironment(action, times, outcome), this.context);
    return null;
  }

  async #copy(action: CopyAction): Promise<CopyResult> {
    const { context, state } = this;
    const command = (argv: readonly string[], values: Values) => this.#command(argv, values);
    const run = {
      name: this.#run,
      context,
      state,
      watches: this.#watches,
      frozenAt: this.#frozenAt,
      command,
    };
    const { result, values } = await runCopy(action, run);
    this.#copied.set(action.target, values);
    this.state.copiedBytes += action.bytes;
    return result;
  }

  async #restore(action: CopyAction): Promise<CopyResult> {
    const result = await runRestore(action, this.context, (argv) => this.#command(argv, {}));
    this.state.writtenBytes += result.bytesWritten;
    this.state.copiedBytes += action.bytes;
    return result;
  }

  async #close(action: Closing): Promise<null> {
    if (action.type === 'hook') return this.#hooks(action);
    const { done } = this.state;
    const worked = (action.needs ?? []).every((id) => done.has(id));
    const opening = { run: this.#run, opened: done.has(action.closes), worked };
    const time = action.type === 'snapshot.keep' ? this.#copied.get(action.backup)?.time : undefined;
    const close = async () => {
      const steps = closingSteps(action, await this.context.readInventory(), opening);
      for (const step of steps) await this.#step(step, time === undefined ? {} : { time });
    };
    try {
      await close();
    } catch (error) {
      // The origin may be suspended now, and whatever uses it hangs. Each step of a base is for once.
      if (!wasKilled(error) || action.type === 'snapshot.keep') throw error;
      await close();
    }
    return null;
  }

  /** A snapshot that something still looks at for a moment can be removed a moment later. */
  async #persistently(argv: readonly string[], values: Values = {}): Promise<void> {
    const tries = removesVolume(argv) ? REMOVE_TRIES : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#command(argv, values);
        return;
      } catch (error) {
        // Not once more what was killed: what it left is told by a new report alone.
        if (attempt >= tries || wasKilled(error)) throw error;
      }
    }
  }

  async #command(argv: readonly string[], values: Values): Promise<void> {
    const result = await this.context.run(fillIn(argv, { run: this.#run, ...values }));
    if (result.exitCode !== 0) throw new CommandFailed(result);
  }
}

/** LVM's own exit codes are small; a shell around it says 128 and more of a signal. */
function wasKilled(error: unknown): boolean {
  return error instanceof CommandFailed && (error.result.exitCode ?? 128) >= 128;
}

/** LVM itself waits five seconds for a volume that is in use, each time. */
const REMOVE_TRIES = 3;

/** One that ends what this run opened; what a dead run left is ended by actions like any others. */
type Closing = (GroupReduce | SnapshotRemove | SnapshotKeep | HookAction) & { readonly closes: ActionId };

function isClosing(action: Action): action is Closing {
  return action.closes !== undefined;
}
