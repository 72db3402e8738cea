/** A restore within a run: the point is proven before the target is written to, and what is not whole stays tagged. */
import type { CopyResult } from '../copy/copy.ts';
import type { Progress } from '../copy/progress.ts';
import { ExitCode, UserError } from '../errors.ts';
import { type Argv, changeVolumeTags } from '../lvm/commands.ts';
import type { CopyAction, RestoreTraits } from '../plan/action.ts';
import { splitPath } from '../plan/model.ts';
import { pointIn } from '../plan/restore-points.ts';
import { closePoint, closeTarget } from '../plan/restore-steps.ts';
import type { Step } from '../plan/step.ts';
import { stepsOf } from '../plan/steps.ts';
import { verdictsOn } from '../plan/verdict.ts';
import type { RunContext } from './context.ts';
import { timeText } from './placeholders.ts';

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
        result = await context.copy(step, options);
        if (traits.digest !== null && result.digest !== traits.digest) throw otherContent(action);
    }
  }
  if (!result) throw new Error('a restore without a copy');
  return result;
}

/** Whatever was found is remembered in the point's own tags: the next restore knows it, and so does status. */
async function prove(
  step: Extract<Step, { do: 'check' }>,
  action: CopyAction,
  { check, readInventory, now }: RunContext,
  command: Command,
  options: Parameters<RunContext['check']>[1],
): Promise<void> {
  const { volume, digest } = step;
  const time = timeText(now());
  const read = await check(step, options);
  const ok = read.digest === digest && read.unreadable.length === 0;
  const [group, name] = splitPath(volume);
  const there = (await readInventory()).groups.get(group);
  const held = there?.volumes.get(name);
  const point = held && pointIn(held);
  // One that was made anew meanwhile, by whatever hand, is not the one that was read.
  if (there && point?.digest === digest) {
    for (const { volume: path, from, to } of verdictsOn(there, point, { time, ok })) {
      for (const argv of changeVolumeTags(path, from, to)) await command(argv);
    }
  }
  if (ok) return;
  throw new UserError(
    ExitCode.failed,
    `${volume} is damaged: it does not hold what its digest says. Nothing was written to ${action.target}`,
    `\`lvmbackup points\` lists what else there is; to take it all the same, name it: --point ${volume}`,
  );
}

/** The copy read it otherwise than it was said to be: what was checked a day ago is no more so. */
function otherContent({ source, target }: CopyAction): UserError {
  return new UserError(
    ExitCode.failed,
    `${source} is damaged: what was read of it while it was copied is not what its digest says`,
    `${target} stays tagged lvmbackup.restoring and is not to be trusted; restore another point, \`lvmbackup points\` lists them`,
  );
}

function interrupted({ target }: CopyAction, traits: RestoreTraits, stop: AbortSignal): UserError {
  const tagged =
    traits.target === 'device'
      ? ''
      : '; where it had begun to write, the tag lvmbackup.restoring says so until a restore comes to its end';
  return new UserError(
    ExitCode.failed,
    `the restore of ${target} was interrupted by ${stop.reason}${tagged}`,
  );
}
