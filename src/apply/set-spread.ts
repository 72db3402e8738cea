/** How far apart the snapshots of a set are: what "at one moment" comes to. */
import type { Action } from '../plan/action.ts';
import type { SetSpread } from './events.ts';

interface Taken {
  readonly began: Date;
  readonly snapshots: number;
}

export class SetSpreads {
  /** Of the sets of which all snapshots were taken. */
  readonly whole: SetSpread[] = [];
  /** By unit: how many snapshots there are to be. */
  readonly #wanted = new Map<string, number>();
  readonly #taken = new Map<string, Taken>();

  constructor(actions: readonly Action[]) {
    for (const action of actions)
      if (action.type === 'snapshot.create')
        this.#wanted.set(action.unit, (this.#wanted.get(action.unit) ?? 0) + 1);
  }

  /** A snapshot was taken. Gives the spread when it was the last one of a set. */
  add(unit: string, began: Date, ended: Date): SetSpread | null {
    const before = this.#taken.get(unit) ?? { began, snapshots: 0 };
    const now = { began: before.began, snapshots: before.snapshots + 1 };
    this.#taken.set(unit, now);
    if (now.snapshots < 2 || now.snapshots < (this.#wanted.get(unit) ?? 0)) return null;
    const seconds = (ended.getTime() - now.began.getTime()) / 1000;
    const spread = { unit, snapshots: now.snapshots, seconds };
    this.whole.push(spread);
    return spread;
  }
}
