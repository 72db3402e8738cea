/** A thread of the copy: takes blocks one by one and says what became of each. Bundled into the program as text. */
import { parentPort, workerData } from 'node:worker_threads';
import { type BlockTask, BlockWorker } from './block.ts';
import { CopyError } from './copy-error.ts';
import { endpoint } from './endpoint.ts';
import { EntryMaker } from './entry.ts';
import { BLOCKING } from './file-io.ts';
import type { ThreadAnswer, ThreadData } from './lanes.ts';

const { source, target, key, blockSize } = workerData as ThreadData;
const worker = new BlockWorker(
  { source: endpoint(source, BLOCKING), target: endpoint(target, BLOCKING) },
  new EntryMaker(Buffer.from(key)),
  blockSize,
);

parentPort?.on('message', async (task: BlockTask) => {
  parentPort?.postMessage(await answerTo(arrived(task)));
});

async function answerTo(task: BlockTask): Promise<ThreadAnswer> {
  try {
    return { done: await worker.run(task) };
  } catch (error) {
    if (!(error instanceof CopyError)) return { fault: (error as Error).stack ?? String(error) };
    const { side, device, offset, what, cause } = error;
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    return { failed: { side, device, offset, what, ...(code === undefined ? {} : { code }) } };
  }
}

/** A Buffer arrives as the plain array under it. */
function arrived(task: BlockTask): BlockTask {
  if (!('known' in task) || task.known === null) return task;
  const { buffer, byteOffset, length } = task.known;
  return { ...task, known: Buffer.from(buffer, byteOffset, length) } as BlockTask;
}
