/**
 * The pool that a copy is written to: whether there is room before the first byte, and that it does not become full
 * meanwhile. A pool that is full gives errors; the copy is stopped then, and says what it stands on.
 */
import { ExitCode, UserError } from '../errors.ts';
import { NoList } from '../lvm/change-list.ts';
import { type PoolStatus, poolStatus } from '../lvm/dm-status.ts';
import { mapperName } from '../lvm/mapper.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import type { CopyAction } from '../plan/action.ts';
import { splitPath } from '../plan/model.ts';
import { bytes } from '../units.ts';
import { bytesText } from '../units-text.ts';
import { nextLook, waited } from './snapshot-watch.ts';

type IntoPool = Pick<CopyAction, 'target' | 'bytes' | 'targetReadsZero'> & { readonly pool: string };

export interface PoolWatch {
  /** Aborted by the run's own stop, or when the pool is full: its reason is the error to tell then. */
  readonly signal: AbortSignal;
  /** The error to tell: that of a full pool, where it is full now. */
  explain(error: unknown): Promise<unknown>;
  end(): void;
}

/** Throws UserError where the pool has no room for the copy: nothing has been written then. */
export async function watchPool(action: IntoPool, run: RunCommand, stop: AbortSignal): Promise<PoolWatch> {
  const look = () => poolStatus(layerName(action.pool), run);
  refuseFull(action, await look());
  const full = new AbortController();
  const ended = new AbortController();
  watch(action, look, AbortSignal.any([stop, ended.signal])).catch((error) => full.abort(error));
  return {
    signal: AbortSignal.any([stop, full.signal]),
    explain: async (error) => {
      const status = await look().catch(() => null);
      return status !== null && isFull(status) ? poolIsFull(action, status) : error;
    },
    end: () => ended.abort(),
  };
}

/** How full it is, as the head's tag says it: `24.0:10.9`. */
export async function usedText(pool: string, run: RunCommand): Promise<string> {
  const { data, metadata } = await poolStatus(layerName(pool), run);
  return `${percent(data).toFixed(1)}:${percent(metadata).toFixed(1)}`;
}

async function watch(action: IntoPool, look: () => Promise<PoolStatus>, until: AbortSignal): Promise<void> {
  let before = { fill: 0, at: performance.now() };
  let interval = SOON;
  while (await waited(interval, until)) {
    const status = await lookedAt(look);
    // What the kernel does not tell now it may tell the next time; a write that fails tells it in any case.
    if (status === null) continue;
    if (isFull(status)) throw poolIsFull(action, status);
    const now = { fill: Math.max(percent(status.data), percent(status.metadata)), at: performance.now() };
    interval = nextLook(now.fill - before.fill, now.fill, (now.at - before.at) / 1000);
    before = now;
  }
}

const SOON = 0.5;

async function lookedAt(look: () => Promise<PoolStatus>): Promise<PoolStatus | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof NoList) return null;
    throw error;
  }
}

function percent({ used, total }: PoolStatus['data']): number {
  return total === 0 ? 0 : (used / total) * 100;
}

function isFull({ data, metadata, writable }: PoolStatus): boolean {
  return !writable || data.used >= data.total || metadata.used >= metadata.total;
}

/** A refresh takes what changed, which nobody knows before; a first copy may take all of its size. */
function refuseFull(action: IntoPool, status: PoolStatus): void {
  const free = bytes(Math.max(0, status.data.total - status.data.used) * status.chunk);
  if (isFull(status)) throw poolIsFull(action, status);
  if (!action.targetReadsZero || free >= action.bytes) return;
  throw new UserError(
    ExitCode.failed,
    `the pool ${action.pool} has room for ${bytesText(free)}, and the first copy to ${action.target} may take ${bytesText(action.bytes)}`,
    moreRoom(action.pool),
  );
}

function poolIsFull({ pool }: IntoPool, { data, metadata }: PoolStatus): UserError {
  const state = `${percent(data).toFixed(1)}% of its data, ${percent(metadata).toFixed(1)}% of its metadata`;
  return new UserError(
    ExitCode.failed,
    `the pool ${pool} is full (${state}); the points are whole`,
    moreRoom(pool),
  );
}

function moreRoom(pool: string): string {
  return `keep fewer points (keep), or make the pool larger: lvextend -L +… ${pool}`;
}

function layerName(pool: string): string {
  const [group, name] = splitPath(pool);
  return mapperName(group, name, 'tpool');
}
