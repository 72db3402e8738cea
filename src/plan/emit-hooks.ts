/**
 * The hooks of one unit, each at its place. Those of a set stand around those of its members, which stand around the
 * snapshots: what was stopped last is started first.
 */
import type { HooksSpec } from '../spec/spec.ts';
import type { ActionId, HookMoment } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import type { ReadyMember } from './ready.ts';

interface Holder {
  /** The source, or `set NAME`. */
  readonly target: string;
  readonly hooks: HooksSpec;
  readonly members: readonly ReadyMember[];
}

export class UnitHooks {
  readonly #builder: PlanBuilder;
  readonly #unit: string;
  readonly #set: Holder | null;
  /** The outermost first: the set, then its members. */
  readonly #holders: readonly Holder[];
  /** By holder: the action that runs what comes before. */
  readonly #opened = new Map<Holder, ActionId>();

  constructor(
    builder: PlanBuilder,
    unit: string,
    members: readonly ReadyMember[],
    setHooks: HooksSpec | null,
  ) {
    this.#builder = builder;
    this.#unit = unit;
    const own = members.map((ready) => ({
      target: ready.member.source,
      hooks: ready.member.spec.hooks,
      members: [ready],
    }));
    this.#set = setHooks ? { target: unit, hooks: setHooks, members } : null;
    this.#holders = this.#set ? [this.#set, ...own] : own;
  }

  /** Gives what each snapshot of the unit needs. `needs`: nothing is stopped before there is room for the copy. */
  before(needs: readonly ActionId[]): readonly ActionId[] {
    for (const holder of this.#holders) {
      const last = [...this.#opened.values()].at(-1);
      const id = this.#add(holder, 'before', 'just before the snapshot', {
        needs: [...needs, ...(last === undefined ? [] : [last])],
      });
      if (id !== null) this.#opened.set(holder, id);
    }
    return [...this.#opened.values()];
  }

  /** `frozen`: by source, the action that makes the view which is copied. */
  after(frozen: ReadonlyMap<string, ActionId>): void {
    for (const holder of [...this.#holders].reverse()) {
      const first = holder.members.flatMap(({ member }) => frozen.get(member.source) ?? [])[0];
      const closes = this.#opened.get(holder) ?? first;
      if (closes === undefined) continue;
      this.#add(holder, 'after', 'as soon as the snapshot exists, and whatever fails', { closes });
    }
  }

  /** When all that is to be known of a member's backup is known. */
  outcomeOf(source: string, copy: ActionId): void {
    const holder = this.#holders.find(({ target }) => target === source);
    if (holder) this.#outcome(holder, [copy]);
  }

  outcomeOfSet(copies: readonly ActionId[]): void {
    if (this.#set) this.#outcome(this.#set, copies);
  }

  #outcome(holder: Holder, copies: readonly ActionId[]): void {
    this.#add(holder, 'onSuccess', 'when it was backed up', { copies });
    this.#add(holder, 'onFailure', 'when it was not backed up', { copies });
  }

  #add(
    { target, hooks, members }: Holder,
    moment: HookMoment,
    reason: string,
    traits: { needs?: readonly ActionId[]; closes?: ActionId; copies?: readonly ActionId[] },
  ): ActionId | null {
    if (hooks[moment].length === 0) return null;
    const { needs, ...rest } = traits;
    return this.#builder.add({
      type: 'hook',
      unit: this.#unit,
      ...(needs === undefined || needs.length === 0 ? {} : { needs }),
      ...rest,
      target,
      moment,
      hooks: hooks[moment],
      timeout: hooks.timeout,
      sources: members.map(({ member, path }) => ({ source: member.source, backup: path })),
      reason,
    });
  }
}
