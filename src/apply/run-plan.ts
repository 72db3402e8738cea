/**
 * The runner: performs exactly the plan's actions, in order.
 *
 * Brackets make it safe. An opening action counts as open from its first command, not from its success; whatever
 * happens, the actions that close what is open are run, and they are the plan's own tail. Everything else is run
 * where nothing that it needs has failed.
 */
import type { CopyResult } from '../copy/copy.ts';
import { ExitCode, UserError } from '../errors.ts';
import { deactivate, removesVolume } from '../lvm/commands.ts';
import { tagValue } from '../lvm/tags.ts';
import type {
  Action,
  ActionId,
  CopyAction,
  GroupReduce,
  HookAction,
  SnapshotCreate,
  SnapshotKeep,
  SnapshotRemove,
  Step,
} from '../plan/action.ts';
import { splitPath } from '../plan/model.ts';
import { stateTags } from '../plan/ownership.ts';
import type { Plan } from '../plan/plan.ts';
import { stepsOf } from '../plan/steps.ts';
import { closingCommands } from './closing.ts';
import type { RunContext } from './context.ts';
import type { Failure, Outcome, SetSpread } from './events.ts';
import { CommandFailed, failureOf } from './failure.ts';
import { hookEnvironment } from './hook-environment.ts';
import { outcomeOf } from './outcome.ts';
import { compactTime, fillIn, type RunValues, timeText } from './placeholders.ts';
import { usedText, watchPool } from './pool-watch.ts';
import { runRestore } from './restore-run.ts';
import { hookOutcome, isDue, runHooks } from './run-hooks.ts';
import { SetSpreads } from './set-spread.ts';
import { overflowed } from './snapshot-watch.ts';
import { SnapshotWatches } from './snapshot-watches.ts';

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
    for (const step of stepsOf(action)) if (step.do === 'run') await this.#persistently(step.argv, values);
    return null;
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

  /** Between the steps before the copy and those after it lies the proof that the snapshot held. */
  async #copy(action: CopyAction): Promise<CopyResult | null> {
    const { source } = action.identity;
    let time = this.#frozenAt.get(source);
    let result: CopyResult | null = null;
    let used: string | undefined;
    try {
      for (const step of stepsOf(action)) {
        switch (step.do) {
          case 'run':
            await this.#command(asItCameOut(step.argv, result), valuesOf(time, result, used));
            break;
          case 'check':
            break;
          case 'copy':
            time ??= timeText(this.context.now());
            this.#frozenAt.set(source, time);
            result = await this.#copyBytes(action, step);
            this.state.writtenBytes += result.bytesWritten;
            await this.#proveSnapshotHeld(action);
            if (action.pool !== null) used = await usedText(action.pool, this.context.run);
        }
      }
      refuseDamaged(action, result);
      this.#copied.set(action.target, valuesOf(time, result, undefined));
      this.state.copiedBytes += action.bytes;
      return result;
    } catch (error) {
      // The copy stays tagged incomplete. Left active, it would show its first MiB of zeros at best.
      await this.context.run(deactivate(action.target)).catch(() => {});
      throw error;
    }
  }

  async #restore(action: CopyAction): Promise<CopyResult> {
    const result = await runRestore(action, this.context, (argv) => this.#command(argv, {}));
    this.state.writtenBytes += result.bytesWritten;
    this.state.copiedBytes += action.bytes;
    return result;
  }

  async #copyBytes(action: CopyAction, step: Extract<Step, { do: 'copy' }>): Promise<CopyResult> {
    const { copy, holdStill, onEvent, run, stop } = this.context;
    const { pool } = action;
    const room = pool === null ? null : await watchPool({ ...action, pool }, run, stop);
    const watch = this.#watches.begin(action.source, action.sourcePool);
    const signal = AbortSignal.any([watch?.signal ?? stop, room?.signal ?? stop]);
    const onProgress = (progress: Parameters<Parameters<typeof copy>[1]['onProgress']>[0]) =>
      onEvent({ type: 'action.progress', action, progress, snapshotFill: watch?.fill() ?? null });
    let still: Awaited<ReturnType<typeof holdStill>> | null = null;
    let result: CopyResult;
    try {
      if (action.quiesce) still = await holdStill(action.quiesce, action.source);
      result = await copy(step, { signal, onProgress });
    } catch (error) {
      await still?.release().catch(() => {});
      if (stop.aborted) throw interrupted(action, stop);
      // One that has overflown fails every read: that is what people should hear then.
      const lost = await this.#lostSnapshot(action).catch(() => null);
      throw lost ?? (room === null ? error : await room.explain(error));
    } finally {
      await watch?.end();
      room?.end();
    }
    await still?.release();
    return result;
  }

  async #proveSnapshotHeld(action: CopyAction): Promise<void> {
    const lost = await this.#lostSnapshot(action);
    if (lost) throw lost;
  }

  /** Why the snapshot is no more what it was when it was taken; null where it is. */
  async #lostSnapshot(action: CopyAction): Promise<UserError | null> {
    if (action.source.startsWith('/')) return null;
    const [group, name] = splitPath(action.source);
    const volume = (await this.context.readInventory()).groups.get(group)?.volumes.get(name);
    const isOurs = volume !== undefined && tagValue(volume.tags, 'run') === this.#run;
    if (isOurs) return volume.snapshotInvalid ? overflowed(action.source) : null;
    return new UserError(
      ExitCode.failed,
      `the snapshot ${action.source} vanished while it was copied: somebody removed it`,
      'the copy stays incomplete; the next run makes it anew',
    );
  }

  async #close(action: Closing): Promise<null> {
    if (action.type === 'hook') return this.#hooks(action);
    const { done } = this.state;
    const worked = (action.needs ?? []).every((id) => done.has(id));
    const opening = { run: this.#run, opened: done.has(action.closes), worked };
    const commands = closingCommands(action, await this.context.readInventory(), opening);
    const time = action.type === 'snapshot.keep' ? this.#copied.get(action.backup)?.time : undefined;
    for (const argv of commands) await this.#persistently(argv, time === undefined ? {} : { time });
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
        if (attempt >= tries) throw error;
      }
    }
  }

  async #command(argv: readonly string[], values: Values): Promise<void> {
    const result = await this.context.run(fillIn(argv, { run: this.#run, ...values }));
    if (result.exitCode !== 0) throw new CommandFailed(result);
  }
}

type Values = Omit<RunValues, 'run'>;

function valuesOf(time: string | undefined, result: CopyResult | null, used: string | undefined): Values {
  const digest = result?.digest ?? undefined;
  return {
    ...(time === undefined ? {} : { time }),
    ...(digest === undefined ? {} : { digest }),
    ...(used === undefined ? {} : { used }),
  };
}

/** A copy of a source that could not be read everywhere is tagged damaged where it would be tagged complete. */
function asItCameOut(argv: readonly string[], result: CopyResult | null): readonly string[] {
  if (!result || result.unreadable.length === 0) return argv;
  const [complete] = stateTags({ state: 'complete' });
  const [damaged] = stateTags({ state: 'damaged' });
  return argv.map((word) => (word === complete ? (damaged ?? word) : word));
}

function refuseDamaged(action: CopyAction, result: CopyResult | null): void {
  const places = result?.unreadable ?? [];
  if (places.length === 0) return;
  const shown = places.slice(0, MOST_PLACES).map(({ start, length }) => `${length} bytes at byte ${start}`);
  const more = places.length > shown.length ? ` and ${places.length - shown.length} places more` : '';
  throw new UserError(
    ExitCode.failed,
    `${action.source} could not be read everywhere: ${shown.join(', ')}${more}`,
    `${action.target} holds all the rest, with zeros there, and is tagged damaged; replace the device`,
  );
}

const MOST_PLACES = 10;

/** LVM itself waits five seconds for a volume that is in use, each time. */
const REMOVE_TRIES = 3;

/** One that ends what this run opened; what a dead run left is ended by actions like any others. */
type Closing = (GroupReduce | SnapshotRemove | SnapshotKeep | HookAction) & { readonly closes: ActionId };

function isClosing(action: Action): action is Closing {
  return action.closes !== undefined;
}

function interrupted(action: CopyAction, stop: AbortSignal): UserError {
  return new UserError(
    ExitCode.failed,
    `the copy to ${action.target} was interrupted by ${stop.reason}; it stays incomplete`,
  );
}
