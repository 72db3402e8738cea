/** The copy within a run: opens the ends that the plan names, and closes them whatever happens. */
import { readdir } from 'node:fs/promises';
import type { RunContext } from '../apply/context.ts';
import { type CopyResult, copy } from '../copy/copy.ts';
import { type OpenSource, type OpenTarget, openSource, openTarget } from '../copy/open-end.ts';
import { readPoint } from '../copy/read-point.ts';
import { runCommand } from '../lvm/spawn.ts';
import { manifestPath } from './state-folder.ts';

export function copyStep(stateFolder: string): RunContext['copy'] {
  return ({ from, to, action }, { signal, onProgress }) =>
    withEnds(from, to, (source, target) =>
      gently(action.rate, () =>
        copy({
          ...{ source, target, signal, onProgress, list: null, targetReadsZero: action.targetReadsZero },
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
      ),
    );
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
