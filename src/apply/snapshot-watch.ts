/**
 * Watches a snapshot while it is copied. When it overflows every read of it fails, from then on and for ever: the copy
 * is stopped at once, whatever it was told to do about failing reads.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode, UserError } from '../errors.ts';
import { NoList } from '../lvm/change-list.ts';
import { snapshotStatus } from '../lvm/dm-status.ts';
import { mapperName } from '../lvm/mapper.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import { splitPath } from '../plan/model.ts';

export interface SnapshotWatch {
  /** Aborted by the run's own stop, or when the snapshot has overflown: its reason is the error to tell then. */
  readonly signal: AbortSignal;
  /** How full it was when it was last looked at, in percent. */
  fill(): number | null;
  end(): void;
}

/** `snapshot`: VG/LV. */
export function watchSnapshot(snapshot: string, run: RunCommand, stop: AbortSignal): SnapshotWatch {
  const overflow = new AbortController();
  const ended = new AbortController();
  const state: { fill: number | null } = { fill: null };
  const watching = watch(snapshot, run, state, AbortSignal.any([stop, ended.signal]));
  watching.catch((error) => overflow.abort(error));
  return {
    signal: AbortSignal.any([stop, overflow.signal]),
    fill: () => state.fill,
    end: () => ended.abort(),
  };
}

/** Throws UserError when it has overflown; ends when the signal comes. */
async function watch(
  snapshot: string,
  run: RunCommand,
  state: { fill: number | null },
  until: AbortSignal,
): Promise<void> {
  const name = mapperName(...splitPath(snapshot));
  let before = { fill: 0, at: performance.now() };
  let interval = SHORTEST;
  while (await waited(interval, until)) {
    const fill = await fillOf(snapshot, name, run);
    // What the kernel does not tell now it may tell the next time; the proof at the end stands by itself.
    if (fill === null) continue;
    state.fill = fill;
    const now = { fill, at: performance.now() };
    interval = nextLook(fill - before.fill, fill, (now.at - before.at) / 1000);
    before = now;
  }
}

/** False where the signal came instead. */
async function waited(seconds: number, until: AbortSignal): Promise<boolean> {
  try {
    await sleep(seconds * 1000, undefined, { signal: until });
    return true;
  } catch {
    return false;
  }
}

async function fillOf(snapshot: string, name: string, run: RunCommand): Promise<number | null> {
  try {
    const { used, store } = await snapshotStatus(name, run);
    return store === 0 ? null : (used / store) * 100;
  } catch (error) {
    if (error instanceof NoList && error.code === 'overflowed') throw overflowed(snapshot);
    return null;
  }
}

export function overflowed(snapshot: string): UserError {
  return new UserError(
    ExitCode.failed,
    `the snapshot ${snapshot} overflowed while it was copied: more was written to its origin than it can hold`,
    'the copy stays incomplete; give the snapshot more room (snapshot.size: 100%ORIGIN can never overflow)',
  );
}

const SHORTEST = 0.5;
const LONGEST = 10;

/** Seconds until the next look: ten looks before it would be full at the rate of the last stretch. */
export function nextLook(grown: number, fill: number, seconds: number): number {
  if (grown <= 0 || seconds <= 0) return LONGEST;
  const left = (100 - fill) / (grown / seconds);
  return Math.min(LONGEST, Math.max(SHORTEST, left / 10));
}
