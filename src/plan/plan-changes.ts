/**
 * What a new file changes on a machine, beside what an old one would do there: the actions of the next apply, the room,
 * and what stands against it. Pure: from four plans.
 */
import type { Bytes, Extents } from '../units.ts';
import type { Action } from './action.ts';
import type { GroupSpace, Plan } from './plan.ts';
import type { Problem } from './problem.ts';
import { compared } from './stale.ts';

export interface MachineChanges {
  readonly actions: {
    readonly added: readonly Action[];
    readonly removed: readonly Action[];
    /** How many are in both. */
    readonly same: number;
  };
  /** Restore points that a run which refreshes every source removes with the new file, and would not with the old. */
  readonly pointsRemoved: number;
  /** At the lowest moment of a run that refreshes every source. */
  readonly space: readonly SpaceChange[];
  /** Of such a run. */
  readonly copyBytes: { readonly before: Bytes; readonly after: Bytes };
  readonly problems: { readonly added: readonly Problem[]; readonly gone: readonly Problem[] };
}

export interface SpaceChange {
  readonly group: string;
  readonly extentSize: Bytes;
  /** Free extents; null where that file does not touch the group. */
  readonly before: Extents | null;
  readonly after: Extents | null;
}

/** `next`: of the next apply. `all`: as if every source were due. */
export interface Plans {
  readonly next: Plan;
  readonly all: Plan;
}

export function machineChanges(before: Plans, after: Plans): MachineChanges {
  const [old, now] = [before.next.actions, after.next.actions];
  const added = without(now, old, actionKey);
  return {
    actions: { added, removed: without(old, now, actionKey), same: now.length - added.length },
    pointsRemoved: without(after.all.actions, before.all.actions, actionKey).filter(removesPoint).length,
    space: spaceChanges(before.all.space, after.all.space),
    copyBytes: { before: before.all.summary.copyBytes, after: after.all.summary.copyBytes },
    problems: {
      added: without(after.all.problems, before.all.problems, problemKey),
      gone: without(before.all.problems, after.all.problems, problemKey),
    },
  };
}

/** Those of `list` that are not in `other`: as often as they are there more often. */
function without<T>(list: readonly T[], other: readonly T[], keyOf: (one: T) => string): T[] {
  const counts = new Map<string, number>();
  for (const one of other) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return list.filter((one) => {
    const count = counts.get(keyOf(one)) ?? 0;
    counts.set(keyOf(one), count - 1);
    return count <= 0;
  });
}

/** Its number and its neighbours are no part of what an action is. */
function actionKey(action: Action): string {
  const how = action.type === 'copy' ? [action.mode, action.verify, action.rate, action.onReadError] : [];
  return JSON.stringify([compared(action), how]);
}

/** One warning tells of all sources that have one copy: which they are is told by the sources that come and go. */
function problemKey({ code, message }: Problem): string {
  return code === 'single-copy' ? code : `${code} ${message}`;
}

/** What a dead run left is removed by either file. */
function removesPoint({ type, recovers }: Action): boolean {
  return recovers !== true && (type === 'volume.remove' || (type as string) === 'point.remove');
}

function spaceChanges(before: readonly GroupSpace[], after: readonly GroupSpace[]): SpaceChange[] {
  const names = new Set([...before, ...after].map(({ group }) => group));
  return [...names].flatMap((name) => {
    const [old, now] = [before, after].map((list) => list.find(({ group }) => group === name));
    if (old?.freeLowest === now?.freeLowest) return [];
    const extentSize = (now ?? old)?.extentSize as Bytes;
    return [{ group: name, extentSize, before: old?.freeLowest ?? null, after: now?.freeLowest ?? null }];
  });
}
