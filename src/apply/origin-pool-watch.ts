/**
 * Watches the pool of a thin volume: of a snapshot that is copied, or of the target of a restore. A full pool stops all
 * its volumes, also those that nobody backs up: before that the copy is stopped.
 */
import { ExitCode, UserError } from '../errors.ts';
import { NoList } from '../lvm/change-list.ts';
import { type PoolStatus, poolStatus } from '../lvm/dm-status.ts';
import { mapperName } from '../lvm/mapper.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import { splitPath } from '../plan/model.ts';
import { nextLook, type SnapshotWatch, waited } from './snapshot-watch.ts';

/** `pool`: VG/POOL. */
export function watchOriginPool(
  pool: string,
  run: RunCommand,
  stop: AbortSignal,
  andThen = SNAPSHOT_GOES,
): SnapshotWatch {
  const full = new AbortController();
  const ended = new AbortController();
  const state: { fill: number | null } = { fill: null };
  const until = AbortSignal.any([stop, ended.signal]);
  const watching = watch({ pool, andThen }, run, state, until).catch((error) => full.abort(error));
  return {
    signal: AbortSignal.any([stop, full.signal]),
    fill: () => state.fill,
    end: () => {
      ended.abort();
      return watching;
    },
  };
}

/** Throws UserError where too little is left; ends when the signal comes. */
async function watch(
  { pool, andThen }: { readonly pool: string; readonly andThen: string },
  run: RunCommand,
  state: { fill: number | null },
  until: AbortSignal,
): Promise<void> {
  const [group, name] = splitPath(pool);
  const layer = mapperName(group, name, 'tpool');
  let before = { fill: 0, at: performance.now() };
  let interval = SOON;
  while (await waited(interval, until)) {
    const status = await lookedAt(layer, run);
    // What the kernel does not tell now it may tell the next time.
    if (status === null) continue;
    const [data, metadata] = [percent(status.data), percent(status.metadata)];
    const now = { fill: Math.max(data, metadata), at: performance.now() };
    if (100 - now.fill < STOP)
      throw isAlmostFull(pool, data >= metadata ? 'data' : 'metadata', now.fill, andThen);
    state.fill = now.fill;
    interval = nextLook(now.fill - before.fill, now.fill, (now.at - before.at) / 1000);
    before = now;
  }
}

/** What is said of the room after the copy of a snapshot was stopped. */
const SNAPSHOT_GOES = 'the snapshot is removed, which gives room again';

const SOON = 0.5;

/** So little of a pool is left, in percent, that its volumes come before the copy. */
const STOP = 2;

async function lookedAt(layer: string, run: RunCommand): Promise<PoolStatus | null> {
  try {
    return await poolStatus(layer, run);
  } catch (error) {
    if (error instanceof NoList) return null;
    throw error;
  }
}

function percent({ used, total }: PoolStatus['data']): number {
  return (used / total) * 100;
}

function isAlmostFull(pool: string, what: string, fill: number, andThen: string): UserError {
  return new UserError(
    ExitCode.failed,
    `the copy was stopped because the ${what} of ${pool} are ${Math.floor(fill)} % full: when a pool is full, all its volumes stand still`,
    `${andThen}; extend the pool (lvextend ${pool}), or remove thin snapshots that nobody needs`,
  );
}
