/**
 * Watches a snapshot while it is copied. Where the plan kept room for it, it grows when it fills. When it overflows
 * every read of it fails, from then on and for ever: the copy is stopped at once, whatever it was told to do about
 * failing reads.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode, UserError } from '../errors.ts';
import { NoList } from '../lvm/change-list.ts';
import { type SnapshotStatus, snapshotStatus } from '../lvm/dm-status.ts';
import { mapperName } from '../lvm/mapper.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import { splitPath } from '../plan/model.ts';
import type { Grower } from './snapshot-growth.ts';

export interface SnapshotWatch {
  /** Aborted by the run's own stop, or when the snapshot has overflown: its reason is the error to tell then. */
  readonly signal: AbortSignal;
  /** How full it was when it was last looked at, in percent. */
  fill(): number | null;
  /** Nothing is asked, and nothing grows, when it is over. */
  end(): Promise<void>;
}

/** `snapshot`: VG/LV. `grower`: for one that may grow. */
export function watchSnapshot(
  snapshot: string,
  run: RunCommand,
  stop: AbortSignal,
  grower: Grower | null = null,
): SnapshotWatch {
  const overflow = new AbortController();
  const ended = new AbortController();
  const state: { fill: number | null } = { fill: null };
  const watching = watch(snapshot, run, state, grower, AbortSignal.any([stop, ended.signal])).catch((error) =>
    overflow.abort(error),
  );
  return {
    signal: AbortSignal.any([stop, overflow.signal]),
    fill: () => state.fill,
    end: () => {
      ended.abort();
      return watching;
    },
  };
}

/** Throws UserError when it has overflown; ends when the signal comes. */
async function watch(
  snapshot: string,
  run: RunCommand,
  state: { fill: number | null },
  grower: Grower | null,
  until: AbortSignal,
): Promise<void> {
  const name = mapperName(...splitPath(snapshot));
  let before = { used: 0, at: performance.now() };
  let interval = SHORTEST;
  while (await waited(interval, until)) {
    const status = await statusOf(snapshot, name, run);
    // What the kernel does not tell now it may tell the next time; the proof at the end stands by itself.
    if (status === null || status.store === 0) continue;
    const now = { used: status.used, at: performance.now() };
    const grown = Math.max(0, status.used - before.used);
    const store = grower ? await grower.grow(status, grown) : status.store;
    const percent = (part: number) => (part / store) * 100;
    state.fill = percent(status.used);
    const look = nextLook(percent(grown), state.fill, (now.at - before.at) / 1000);
    interval = grower?.canGrow() ? Math.min(look, LONGEST_OF_GROWING) : look;
    before = now;
  }
}

/** False where the signal came instead. */
export async function waited(seconds: number, until: AbortSignal): Promise<boolean> {
  try {
    await sleep(seconds * 1000, undefined, { signal: until });
    return true;
  } catch {
    return false;
  }
}

async function statusOf(snapshot: string, name: string, run: RunCommand): Promise<SnapshotStatus | null> {
  try {
    return await snapshotStatus(name, run);
  } catch (error) {
    if (error instanceof NoList && error.code === 'overflowed') throw overflowed(snapshot);
    return null;
  }
}

export function overflowed(snapshot: string): UserError {
  return new UserError(
    ExitCode.failed,
    `the snapshot ${snapshot} overflowed while it was copied: more was written to its origin than it can hold`,
    'give the snapshot more room (snapshot.size: 100%ORIGIN can never overflow)',
  );
}

const SHORTEST = 0.5;
const LONGEST = 10;
/** One that is to grow in time is small: a writer that begins must not fill it between two looks. */
const LONGEST_OF_GROWING = 1;

/** Seconds until the next look: ten looks before it would be full at the rate of the last stretch. */
export function nextLook(grown: number, fill: number, seconds: number): number {
  const rate = grown / seconds;
  if (!(rate > 0 && seconds > 0)) return LONGEST;
  const left = (100 - fill) / rate;
  return Math.min(LONGEST, Math.max(SHORTEST, left / 10));
}
