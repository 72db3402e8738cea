/** Which snapshots are watched while one is copied: itself, and what else is open and may grow, for a set fills together. */
import type { ActionId, SnapshotCreate } from '../plan/action.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { watchOriginPool } from './origin-pool-watch.ts';
import { type Grower, growerOf } from './snapshot-growth.ts';
import { type SnapshotWatch, watchSnapshot } from './snapshot-watch.ts';

export class SnapshotWatches {
  /** By the action that made the snapshot: what it has grown so far counts over all copies of its set. */
  readonly #growers = new Map<ActionId, Grower | null>();

  constructor(
    readonly plan: Pick<Plan, 'actions'>,
    readonly context: Pick<RunContext, 'run' | 'stop' | 'onEvent'>,
    readonly state: { readonly done: ReadonlySet<ActionId> },
  ) {}

  /** Of the snapshot `source` that is copied now; null for a plain device. `pool`: VG/POOL of a thin one. */
  begin(source: string, pool: string | null): SnapshotWatch | null {
    if (source.startsWith('/')) return null;
    const { run, stop } = this.context;
    if (pool !== null) return this.#withOthers(watchOriginPool(pool, run, stop), source);
    const own = this.#open().find(({ target }) => target === source);
    return this.#withOthers(watchSnapshot(source, run, stop, own ? this.#grower(own) : null), source);
  }

  #withOthers(watch: SnapshotWatch, source: string): SnapshotWatch {
    const { run, stop } = this.context;
    const others = this.#open()
      .filter(({ target, growth }) => target !== source && growth !== undefined)
      .map((one) => watchSnapshot(one.target, run, stop, this.#grower(one)));
    return {
      ...watch,
      end: async () => {
        for (const one of [watch, ...others]) await one.end();
      },
    };
  }

  #grower(action: SnapshotCreate): Grower | null {
    const { run, onEvent } = this.context;
    const tell = (message: string) => onEvent({ type: 'action.note', action, message });
    const grower = this.#growers.get(action.id) ?? growerOf(action, run, tell);
    this.#growers.set(action.id, grower);
    return grower;
  }

  /** Made, and not removed yet. */
  #open(): SnapshotCreate[] {
    const { done } = this.state;
    const closed = new Set(this.plan.actions.flatMap(({ id, closes }) => (done.has(id) ? [closes] : [])));
    return this.plan.actions.filter(
      (action) => action.type === 'snapshot.create' && done.has(action.id) && !closed.has(action.id),
    ) as SnapshotCreate[];
  }
}
