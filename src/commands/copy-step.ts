/** The copy within a run: opens the ends that the plan names, and closes them whatever happens. */
import { readdir } from 'node:fs/promises';
import { changesSince, type ListTools } from '../apply/changes.ts';
import type { RunContext } from '../apply/context.ts';
import { whileUnwritten } from '../apply/device-mounts.ts';
import { type CopyResult, copy } from '../copy/copy.ts';
import { CopyError } from '../copy/copy-error.ts';
import { mappedIdentity } from '../copy/device.ts';
import { differenceOnDisk } from '../copy/manifest-diff.ts';
import { type OpenSource, type OpenTarget, openSource, openTarget } from '../copy/open-end.ts';
import { readPoint } from '../copy/read-point.ts';
import { filesStep } from '../files/step.ts';
import { runCommand, streamCommand } from '../lvm/spawn.ts';
import type { CopyAction, Draft } from '../plan/action.ts';
import type { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { manifestPath } from './state-folder.ts';

export interface FilesTools {
  /** The open file of the lock, which every process of the run inherits. */
  readonly lock: number;
  /** Starts lvmbackup itself. */
  readonly program: readonly [string, ...string[]];
}

/** `readInventory`: a fresh report, from which a list of changes is asked for. */
export function copyStep(
  stateFolder: string,
  readInventory: RunContext['readInventory'],
  filesTools: FilesTools,
): RunContext['copy'] {
  return (step, options) => {
    const { from, to, action } = step;
    const { files } = action;
    if (files) return filesStep({ from, to, action: { ...action, files }, ...filesTools }, options);
    const copyImage = () => imageStep(stateFolder, readInventory, step, options);
    const isPlainDevice = action.source.startsWith('/') && !action.restore;
    return isPlainDevice && action.quiesce === null ? whileUnwritten(from, copyImage) : copyImage();
  };
}

function imageStep(
  stateFolder: string,
  readInventory: RunContext['readInventory'],
  { from, to, action }: Parameters<RunContext['copy']>[0],
  { signal, onProgress, onTouch }: Parameters<RunContext['copy']>[1],
): Promise<CopyResult> {
  const tools = { run: runCommand, stream: streamCommand, readInventory, signal };
  return withEnds(from, to, async (source, target) => {
    if (!action.restore && source.size !== action.bytes) throw otherSize(source, action.bytes);
    const { list, fault } = await listFor(action, target, stateFolder, tools);
    const result = await gently(action.rate, () =>
      copy({
        ...{ source, target, signal, onProgress, onTouch, list, targetReadsZero: action.targetReadsZero },
        ...{ verify: action.verify, rate: action.rate, onReadError: action.onReadError },
        size: action.bytes,
        mode: action.mode === 'changed' ? 'changed' : 'full',
        manifest: action.restore
          ? null
          : {
              path: manifestPath(stateFolder, target.device.identity),
              source: action.identity.sourceId,
              target: target.device.identity,
              digest: action.lastDigest ?? UNPROVEN,
            },
      }),
    );
    return fault === null ? result : { ...result, reason: `${fault}; so: ${result.reason}` };
  });
}

/** What a part of it would hold is no backup, however whole it is. */
function otherSize({ name, size }: OpenSource, planned: Bytes): CopyError {
  const message = `it has ${size} bytes, and ${planned} when this was planned: it was resized meanwhile; the next run copies all of it`;
  return new CopyError('source', name, null, message);
}

interface Listed {
  readonly list: RangeSet | null;
  /** Why there is none, where the plan counted on one. */
  readonly fault: string | null;
}

/** What may have changed since the target was complete: by the base, and by the manifests where that is of another volume. */
async function listFor(
  action: Draft<CopyAction>,
  { device }: OpenTarget,
  stateFolder: string,
  tools: ListTools,
): Promise<Listed> {
  const { since: base, lastDigest } = action;
  if (base === null || lastDigest === null) return { list: null, fault: null };
  const changes = await changesSince(action, base, tools);
  if ('fault' in changes) return { list: null, fault: changes.fault.text };
  if (base.holder === null) return { list: changes.ranges, fault: null };
  const own = { path: manifestPath(stateFolder, device.identity), digest: lastDigest };
  const { uuid, digest } = base.holder;
  const holder = { path: manifestPath(stateFolder, mappedIdentity(uuid)), digest };
  const difference = await differenceOnDisk(own, holder, action.bytes);
  if ('fault' in difference) return { list: null, fault: difference.fault };
  for (const { start, length } of difference.ranges) changes.ranges.add(start, length);
  return { list: changes.ranges, fault: null };
}

/** Reads a point once more before it is written over anything. */
export const checkStep: RunContext['check'] = async ({ from, size }, { signal, onProgress }) => {
  const source = await openSource(from);
  try {
    return await readPoint({ source, size, signal, onProgress, manifest: null, sample: null });
  } finally {
    await source.close();
  }
};
/** No manifest is of this generation: what nothing proves to be on the target is compared. */
const UNPROVEN = '';

async function withEnds(
  from: string,
  to: string,
  work: (source: OpenSource, target: OpenTarget) => Promise<CopyResult>,
): Promise<CopyResult> {
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      return await work(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const IDLE = '3';
const USUAL = '0';

/** A copy that is to go gently also waits until nobody else wants the disk, where the scheduler can tell. */
export async function gently<T>(rate: number | null, work: () => Promise<T>): Promise<T> {
  if (rate === null) return work();
  await ioClass(IDLE);
  try {
    return await work();
  } finally {
    await ioClass(USUAL);
  }
}

/** Of every thread there is; those that are started later take it from theirs. Where it cannot be set, nothing is lost. */
async function ioClass(number: string): Promise<void> {
  const threads = await readdir('/proc/self/task');
  await runCommand(['ionice', '-c', number, '-p', ...threads]).catch(() => {});
}
