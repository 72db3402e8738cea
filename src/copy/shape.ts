/** How many blocks are worked on at once, how large they are, and on which threads: by what the devices are like. */
import { availableParallelism } from 'node:os';
import { type Bytes, MiB } from '../units.ts';
import type { CopyMode } from './approach.ts';
import type { OpenSource } from './open-end.ts';
import { blockSizeUnder } from './rate.ts';

export interface Shape {
  readonly lanes: number;
  /** Bytes; a whole number of chunks. */
  readonly blockSize: number;
  /** Whether each lane has a thread of its own. */
  readonly threads: boolean;
}

/** Starting threads takes as long as digesting this. */
const WORTH_THREADS = 512 * MiB;

const LANES = 4;

interface Need {
  readonly source: Pick<OpenSource, 'device'>;
  readonly target: Pick<OpenSource, 'device'>;
  readonly rate: number | null;
}

/**
 * Four large requests at once keep both ends busy, of flash as of heads that move; all buffers take 32 MiB at most.
 * Threads are for digests: one core digests as fast as a spinning disk reads, and where a manifest is believed, most
 * chunks need but a fingerprint, which one core makes faster than the threads would be there.
 */
export function shapeFor({ source, target, rate }: Need, mode: CopyMode, total: Bytes): Shape {
  const rotational = source.device.rotational || target.device.rotational;
  const cores = availableParallelism();
  const threads = !rotational && rate === null && mode !== 'manifest' && total >= WORTH_THREADS && cores > 1;
  const lanes = threads ? Math.min(LANES, cores) : LANES;
  return { lanes, blockSize: blockSizeUnder(rate, 4 * MiB), threads };
}
