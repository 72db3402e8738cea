/**
 * A whole copy of one device onto another.
 *
 * While it runs, the first MiB of the target reads zero: it is overwritten first and written last, after everything
 * else has been flushed. So no file system can be seen on a torn copy, and a copy that can be seen is whole.
 */
import { type Bytes, bytes, MiB } from '../units.ts';
import { alignedBuffer } from './aligned-buffer.ts';
import { CopyError } from './copy-error.ts';
import { OrderedDigest } from './digest.ts';
import type { Source, Target } from './endpoint.ts';
import { type Progress, progressMeter } from './progress.ts';

const BLOCK = MiB;
/** Requests in flight: as many as libuv has threads. More gain little, and each costs a block of memory. */
const LANES = 4;

export interface CopyFullOptions {
  readonly source: Source;
  readonly target: Target;
  /** How many bytes to copy, from the start of both. */
  readonly size: Bytes;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface CopyResult {
  readonly bytesRead: Bytes;
  readonly bytesWritten: Bytes;
  readonly seconds: number;
  /** `sha256-256KiB:<hex>` of the bytes that were read. */
  readonly digest: string;
}

/** Throws CopyError, or the signal's reason; the target's first MiB is zero then. */
export async function copyFull(options: CopyFullOptions): Promise<CopyResult> {
  const { source, target, size, signal } = options;
  checkSizes(source, target, size);
  const started = performance.now();
  const digest = new OrderedDigest();
  const meter = progressMeter(size, () => performance.now(), options.onProgress ?? (() => {}));

  const first = alignedBuffer(Math.min(BLOCK, size));
  await target.write(first, 0);
  await target.flush();
  await source.read(first, 0);
  digest.add(0, first);

  await inLanes(Math.ceil(size / BLOCK) - 1, async (buffer, block) => {
    signal?.throwIfAborted();
    const index = block + 1;
    const offset = index * BLOCK;
    const data = buffer.subarray(0, Math.min(BLOCK, size - offset));
    await source.read(data, offset);
    digest.add(index, data);
    await target.write(data, offset);
    meter.add(data.length);
  });

  signal?.throwIfAborted();
  await target.flush();
  await target.write(first, 0);
  await target.flush();
  meter.add(first.length);
  meter.end();
  return {
    bytesRead: size,
    bytesWritten: bytes(size + first.length),
    seconds: (performance.now() - started) / 1000,
    digest: digest.text(),
  };
}

function checkSizes(source: Source, target: Target, size: Bytes): void {
  if (size <= 0) throw new CopyError('source', source.name, null, 'it is empty');
  if (source.size < size) {
    throw new CopyError('source', source.name, source.size, `it ends here, ${size} bytes were to be copied`);
  }
  if (target.size < size) {
    throw new CopyError('target', target.name, target.size, `it ends here, ${size} bytes were to be copied`);
  }
}

/** Runs `work` for 0 to `count` - 1, a few at a time, each lane with a buffer of its own; the first error ends all. */
async function inLanes(count: number, work: (buffer: Buffer, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    const buffer = alignedBuffer(BLOCK);
    while (next < count && !failed) {
      try {
        await work(buffer, next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(LANES, count) }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}
