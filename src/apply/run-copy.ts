/**
 * One copy within a run: the steps of its action, with the proof that the snapshot held between the copy itself and the
 * tag that says complete. Where it fails, the target says what it is: incomplete, or what it was where nothing of it
 * was touched.
 */
import type { CopyResult } from '../copy/copy.ts';
import { ExitCode, UserError } from '../errors.ts';
import { deactivate } from '../lvm/commands.ts';
import { tagValue } from '../lvm/tags.ts';
import type { CopyAction } from '../plan/action.ts';
import { takeBackCommands } from '../plan/copy-steps.ts';
import { splitPath } from '../plan/model.ts';
import { stateTags } from '../plan/ownership.ts';
import type { Step } from '../plan/step.ts';
import { stepsOf } from '../plan/steps.ts';
import type { RunContext } from './context.ts';
import { CopyFailed } from './failure.ts';
import { type RunValues, timeText } from './placeholders.ts';
import { usedText, watchPool } from './pool-watch.ts';
import type { RunState } from './run-plan.ts';
import { overflowed } from './snapshot-watch.ts';
import type { SnapshotWatches } from './snapshot-watches.ts';

/** What a command's placeholders stand for, but for the run's own name. */
export type Values = Omit<RunValues, 'run'>;

/** What a copy needs of the run that it is a part of. */
export interface RunOfCopy {
  /** As its tags have it. */
  readonly name: string;
  readonly context: RunContext;
  readonly state: RunState;
  readonly watches: SnapshotWatches;
  /** By source: when it was frozen. A plain device is, when its copy begins. */
  readonly frozenAt: Map<string, string>;
  /** Runs a command that must succeed. */
  readonly command: (argv: readonly string[], values: Values) => Promise<void>;
}

export interface Copied {
  readonly result: CopyResult;
  readonly values: Values;
}

/** Throws CopyFailed, or UserError where the copy is there and damaged. */
export async function runCopy(action: CopyAction, run: RunOfCopy): Promise<Copied> {
  const copy = new RunningCopy(action, run);
  const copied = await copy.take();
  refuseDamaged(action, copied.result);
  return copied;
}

class RunningCopy {
  /** What the target is: what it was before, something in between, or the new copy, whose tags say so. */
  #target: 'untouched' | 'touched' | 'complete' | 'damaged' = 'untouched';

  constructor(
    readonly action: CopyAction,
    readonly run: RunOfCopy,
  ) {}

  async take(): Promise<Copied> {
    const { source } = this.action.identity;
    const { context, frozenAt, command } = this.run;
    let result: CopyResult | null = null;
    let used: string | undefined;
    try {
      for (const step of stepsOf(this.action)) {
        if (step.do === 'run') {
          await command(asItCameOut(step.argv, result), valuesOf(frozenAt.get(source), result, used));
          // The first command after the copy says what it is.
          if (result) this.#target = result.unreadable.length > 0 ? 'damaged' : 'complete';
        } else if (step.do === 'copy') {
          if (!frozenAt.has(source)) frozenAt.set(source, timeText(context.now()));
          result = await this.#bytes(step);
          used = await this.#proven(result);
          // From here on its tags may be those of the new copy: the old ones must not come back.
          this.#target = 'touched';
        }
      }
    } catch (error) {
      throw await this.#failed(error);
    }
    if (!result) throw new Error(`${this.action.target}: a copy without the step that copies`);
    return { result, values: valuesOf(frozenAt.get(source), result, undefined) };
  }

  async #bytes(step: Extract<Step, { do: 'copy' }>): Promise<CopyResult> {
    const { action } = this;
    const { copy, holdStill, onEvent, run, stop } = this.run.context;
    const { pool } = action;
    const room = pool === null ? null : await watchPool({ ...action, pool }, run, stop);
    const watch = this.run.watches.begin(action.source, action.sourcePool);
    const signal = AbortSignal.any([watch?.signal ?? stop, room?.signal ?? stop]);
    const onProgress = (progress: Parameters<Parameters<typeof copy>[1]['onProgress']>[0]) =>
      onEvent({ type: 'action.progress', action, progress, snapshotFill: watch?.fill() ?? null });
    const onTouch = () => {
      this.#target = 'touched';
    };
    let still: Awaited<ReturnType<typeof holdStill>> | null = null;
    let result: CopyResult;
    try {
      if (action.quiesce) still = await holdStill(action.quiesce, action.source);
      result = await copy(step, { signal, onProgress, onTouch });
    } catch (error) {
      await still?.release().catch(() => {});
      if (stop.aborted) throw interrupted(stop);
      // One that has overflown fails every read: that is what people should hear then.
      const lost = await this.#lostSnapshot().catch(() => null);
      throw lost ?? (room === null ? error : await room.explain(error));
    } finally {
      await watch?.end();
      room?.end();
    }
    await still?.release();
    return result;
  }

  /** Nothing says complete before this has passed. Gives how full the target's pool is, where it lies in one. */
  async #proven({ bytesWritten }: CopyResult): Promise<string | undefined> {
    const { context, state } = this.run;
    state.writtenBytes += bytesWritten;
    const lost = await this.#lostSnapshot();
    if (lost) throw lost;
    return this.action.pool === null ? undefined : usedText(this.action.pool, context.run);
  }

  /** Why the snapshot is no more what it was when it was taken; null where it is. */
  async #lostSnapshot(): Promise<UserError | null> {
    const { source } = this.action;
    if (source.startsWith('/')) return null;
    const [group, name] = splitPath(source);
    const volume = (await this.run.context.readInventory()).groups.get(group)?.volumes.get(name);
    const isOurs = volume !== undefined && tagValue(volume.tags, 'run') === this.run.name;
    if (isOurs) return volume.snapshotInvalid ? overflowed(source) : null;
    return new UserError(
      ExitCode.failed,
      `the snapshot ${source} vanished while it was copied: somebody removed it`,
      'the next run makes the copy anew',
    );
  }

  /** A copy that is left active would show its first MiB of zeros at best. */
  async #failed(error: unknown): Promise<CopyFailed> {
    const { target } = this.action;
    const { run } = this.run.context;
    const fate = await this.#fate();
    await run(deactivate(target)).catch(() => {});
    return new CopyFailed(error, `${target} ${fate}`);
  }

  async #fate(): Promise<string> {
    switch (this.#target) {
      case 'untouched':
        return this.#takeBack();
      case 'touched':
        return 'stays incomplete';
      case 'complete':
        return 'is complete all the same';
      case 'damaged':
        return 'is tagged damaged: its source could not be read everywhere';
    }
  }

  /** Gives the target the tags of the copy that it still is. */
  async #takeBack(): Promise<string> {
    const before = tagValue(this.action.dropTags, 'state');
    if (before === null || before === 'incomplete') return 'stays incomplete';
    for (const argv of takeBackCommands(this.action)) {
      const result = await this.run.context.run(argv).catch(() => null);
      if (result?.exitCode !== 0) return 'is untouched, though its tags may call it incomplete';
    }
    return `is untouched, and ${before} as it was`;
  }
}

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

function refuseDamaged(action: CopyAction, { unreadable: places }: CopyResult): void {
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

function interrupted(stop: AbortSignal): UserError {
  return new UserError(ExitCode.failed, `the copy was interrupted by ${stop.reason}`);
}
