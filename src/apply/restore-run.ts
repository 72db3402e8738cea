/** A restore within a run: the point is proven before the target is written to, and what is not whole stays tagged. */
import type { CopyResult } from '../copy/copy.ts';
import type { Progress } from '../copy/progress.ts';
import { ExitCode, UserError } from '../errors.ts';
import type { Argv } from '../lvm/commands.ts';
import type { CopyAction, RestoreTraits } from '../plan/action.ts';
import { closePoint, closeTarget } from '../plan/restore-steps.ts';
import type { Step } from '../plan/step.ts';
import { stepsOf } from '../plan/steps.ts';
import type { RunContext } from './context.ts';
import { watchOriginPool } from './origin-pool-watch.ts';
import { timeText } from './placeholders.ts';
import { rememberVerdict } from './remember-verdict.ts';

/** Runs a command that must succeed. */
type Command = (argv: Argv) => Promise<void>;

/** Throws what stopped it; the point is as inactive as it was then, and the target not left active unless it was. */
export async function runRestore(
  action: CopyAction,
  context: RunContext,
  command: Command,
): Promise<CopyResult> {
  const traits = action.restore;
  if (!traits) throw new Error('this copy is no restore');
  try {
    return await steps(action, traits, context, command);
  } catch (error) {
    for (const argv of [...closeTarget(action.target, traits), ...closePoint(action.source, traits)]) {
      await context.run(argv).catch(() => {});
    }
    throw context.stop.aborted ? interrupted(action, traits, context.stop) : error;
  }
}

async function steps(
  action: CopyAction,
  traits: RestoreTraits,
  context: RunContext,
  command: Command,
): Promise<CopyResult> {
  const onProgress = (progress: Progress) =>
    context.onEvent({ type: 'action.progress', action, progress, snapshotFill: null });
  const options = { signal: context.stop, onProgress, onTouch: () => {} };
  let result: CopyResult | null = null;
  for (const step of stepsOf(action)) {
    switch (step.do) {
      case 'run':
        await command(step.argv);
        break;
      case 'check':
        await prove(step, action, context, command, options);
        break;
      case 'copy':
        result = await copied(step, action, context, options);
        if (traits.digest !== null && result.digest !== traits.digest) {
          await remember(action.source, traits.digest, false, context, command);
          throw otherContent(action, traits);
        }
    }
  }
  if (!result) throw new Error('a restore without a copy');
  return result;
}

async function prove(
  step: Extract<Step, { do: 'check' }>,
  action: CopyAction,
  context: RunContext,
  command: Command,
  options: Parameters<RunContext['check']>[1],
): Promise<void> {
  const { volume, digest } = step;
  const read = await context.check(step, options);
  const ok = read.digest === digest && read.unreadable.length === 0;
  await remember(volume, digest, ok, context, command);
  if (ok) return;
  throw new UserError(
    ExitCode.failed,
    `${volume} is damaged: it does not hold what its digest says. Nothing was written to ${action.target}`,
    `\`lvmbackup points\` lists what else there is; to take it all the same, name it: --point ${volume}`,
  );
}

/** Where the target is thin, what is written takes room of its pool: it is stopped before that is full. */
async function copied(
  step: Extract<Step, { do: 'copy' }>,
  { pool, target }: CopyAction,
  { copy, run }: RunContext,
  options: Parameters<RunContext['copy']>[1],
): Promise<CopyResult> {
  if (pool === null) return copy(step, options);
  const room = watchOriginPool(pool, run, options.signal, `${target} is not whole: restore it again`);
  try {
    return await copy(step, { ...options, signal: room.signal });
  } finally {
    await room.end();
  }
}

function remember(
  volume: string,
  digest: string,
  ok: boolean,
  { readInventory, now }: RunContext,
  command: Command,
): Promise<void> {
  return rememberVerdict({ volume, digest }, { time: timeText(now()), ok }, readInventory, command);
}

/** The copy read it otherwise than it was said to be: what was checked a day ago is no more so. */
function otherContent({ source, target }: CopyAction, { device }: RestoreTraits): UserError {
  return new UserError(
    ExitCode.failed,
    `${source} is damaged: what was read of it while it was copied is not what its digest says`,
    `${target} is not to be trusted, and ${device ? source : target} stays tagged lvmbackup.restoring; restore another point, \`lvmbackup points\` lists them`,
  );
}

function interrupted({ target, source }: CopyAction, traits: RestoreTraits, stop: AbortSignal): UserError {
  const tagged = traits.device ? source : target;
  return new UserError(
    ExitCode.failed,
    `the restore of ${target} was interrupted by ${stop.reason}; where it had begun to write, the tag lvmbackup.restoring of ${tagged} says so until a restore comes to its end`,
  );
}
