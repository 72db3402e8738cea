/**
 * Lanes: what works on several blocks at once. In this thread they wait for the kernel's threads; where there is much
 * to do each has a thread of its own, so that reading, digesting and writing go on side by side on all cores.
 */
import { Worker } from 'node:worker_threads';
import { COPY_WORKER } from '../generated/copy-worker.js';
import { type BlockDone, type BlockTask, BlockWorker } from './block.ts';
import { CopyError, type Side } from './copy-error.ts';
import type { OpenEnd, Source, Target } from './endpoint.ts';
import { EntryMaker, type ManifestKey } from './entry.ts';
import type { OpenSource, OpenTarget } from './open-end.ts';
import type { Shape } from './shape.ts';

/** One block at a time. */
export interface Lane {
  /** Throws CopyError. */
  run(task: BlockTask): Promise<BlockDone>;
  close(): Promise<void>;
}

export interface LanesNeed {
  readonly source: Source & Pick<OpenSource, 'end'>;
  readonly target: Target & Pick<OpenTarget, 'end'>;
  readonly key: ManifestKey;
}

export function openLanes(need: LanesNeed, { lanes, blockSize, threads }: Shape): Lane[] {
  return threads ? lanesInThreads(need, blockSize, lanes) : lanesHere(need, blockSize, lanes);
}

function lanesHere({ source, target, key }: LanesNeed, blockSize: number, count: number): Lane[] {
  return Array.from({ length: count }, () => {
    const worker = new BlockWorker({ source, target }, new EntryMaker(key), blockSize);
    return { run: (task) => worker.run(task), close: async () => {} };
  });
}

/** What a thread gets when it begins. */
export interface ThreadData {
  readonly source: OpenEnd;
  readonly target: OpenEnd;
  readonly key: Uint8Array;
  readonly blockSize: number;
}

/** What a thread says of one task. */
export type ThreadAnswer =
  | { readonly done: BlockDone }
  | { readonly failed: { side: Side; device: string; offset: number | null; what: string; code?: string } }
  | { readonly fault: string };

/** A thread needs little memory beside its buffers, which are not in its heap. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

function lanesInThreads({ source, target, key }: LanesNeed, blockSize: number, count: number): Lane[] {
  const workerData: ThreadData = { source: source.end, target: target.end, key, blockSize };
  return Array.from({ length: count }, () => threadLane(workerData));
}

function threadLane(workerData: ThreadData): Lane {
  const worker = new Worker(COPY_WORKER, { eval: true, workerData, resourceLimits: LIMITS });
  let settle: { resolve(done: BlockDone): void; reject(error: unknown): void } | null = null;
  let ended: Error | null = null;
  worker.on('message', (answer: ThreadAnswer) => {
    const waiting = settle;
    settle = null;
    if ('done' in answer) waiting?.resolve(received(answer.done));
    else waiting?.reject(errorOf(answer));
  });
  const end = (error: Error) => {
    ended = error;
    settle?.reject(error);
    settle = null;
  };
  worker.on('error', end);
  worker.on('exit', () => end(ended ?? new Error('a thread of the copy ended')));
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (ended) {
          reject(ended);
          return;
        }
        settle = { resolve, reject };
        worker.postMessage(task);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

/** A Buffer arrives as the plain array under it. */
function received(done: BlockDone): BlockDone {
  if (done.entries === null) return done;
  const { buffer, byteOffset, length } = done.entries;
  return { ...done, entries: Buffer.from(buffer, byteOffset, length) };
}

function errorOf(answer: Exclude<ThreadAnswer, { done: BlockDone }>): Error {
  if ('fault' in answer) return new Error(answer.fault);
  const { side, device, offset, what, code } = answer.failed;
  return new CopyError(side, device, offset, what, { cause: Object.assign(new Error(what), { code }) });
}
