/** How many blocks are worked on at once, how large they are, and on which threads: by what the devices are like. */
import { availableParallelism } from 'node:os';
import { type Bytes, MiB } from '../units.ts';
import type { OpenSource } from './open-end.ts';
import { blockSizeUnder } from './rate.ts';

export interface Shape {
  readonly lanes: number;
  /** Bytes; a whole number of chunks. */
  readonly blockSize: number;
  /** Whether each lane has a thread of its own. */
  readonly threads: boolean;
}

/** Starting threads takes as long as copying this on a fast device. */
const WORTH_THREADS = 256 * MiB;

interface Need {
  readonly source: Pick<OpenSource, 'device'>;
  readonly target: Pick<OpenSource, 'device'>;
  readonly rate: number | null;
}

/**
 * Heads that move want few large requests, flash wants several in flight; both take 8 MiB of buffers for each side.
 * One core digests as fast as a spinning disk reads, so threads are for the others.
 */
export function shapeFor({ source, target, rate }: Need, total: Bytes): Shape {
  const rotational = source.device.rotational || target.device.rotational;
  const blockSize = blockSizeUnder(rate, rotational ? 4 * MiB : MiB);
  const threads = !rotational && rate === null && total >= WORTH_THREADS && availableParallelism() > 1;
  return { lanes: rotational ? 2 : 4, blockSize, threads };
}
