/**
 * Builds a plan by performing it: every action that is added is tried on the model first, so that it may use what
 * an earlier one makes, and what cannot be becomes a problem with the number of its action.
 */
import type { Inventory } from '../lvm/inventory.ts';
import { bytes, type Extents, extents } from '../units.ts';
import type { Action, ActionId, Draft } from './action.ts';
import type { Fault } from './fault.ts';
import { extentsOf, freeOf, groupOf, Model } from './model.ts';
import type { GroupSpace } from './plan.ts';
import type { Problem } from './problem.ts';
import { faultProblem } from './problem-texts.ts';
import { perform } from './simulate.ts';

interface Trace {
  readonly freeBefore: Extents;
  lowest: Extents;
  lowestAt: ActionId | null;
}

export class PlanBuilder {
  /** The machine after the actions so far. */
  model: Model;
  readonly actions: Action[] = [];
  readonly problems: Problem[] = [];
  readonly #failed = new Set<ActionId>();
  readonly #traces = new Map<string, Trace>();

  constructor(readonly before: Inventory) {
    this.model = new Model(before);
  }

  /**
   * Adds the action and performs it. Where it fails it stays in the plan, for people to see, with a problem;
   * what needs it is not tried any more.
   */
  add(draft: Draft): ActionId {
    const id = this.actions.length + 1;
    const action = draft as Action;
    (action as { id: ActionId }).id = id;
    this.actions.push(action);
    // What people run themselves is no matter of groups.
    if (draft.type === 'hook') {
      if (this.#leansOnFailed(draft)) this.#failed.add(id);
      return id;
    }
    const group = groupOf(draft.target);
    const trace = this.watch(group);
    const fault = this.#leansOnFailed(draft) ? 'not tried' : perform(this.model, draft);
    if (fault !== null) {
      this.#failed.add(id);
      if (fault !== 'not tried') this.#refuse(action, fault);
    }
    this.#measure(group, trace, id);
    return id;
  }

  /** The action where it could be performed; null where it stands in the plan with a problem. */
  performed(id: ActionId): Action | null {
    return this.#failed.has(id) ? null : (this.actions[id - 1] ?? null);
  }

  /** Says more exactly what an action is that was added before. What it takes more, the model knows already. */
  amend(action: Action): void {
    this.actions[action.id - 1] = action;
    const group = groupOf(action.target);
    this.#measure(group, this.watch(group), action.id);
  }

  /** Goes on from there: what was planned so far may have changed more than groups. */
  continueFrom(inventory: Inventory): void {
    this.model = new Model(inventory);
  }

  /** Begins the space trace of a group: its free extents are shown even where nothing changes them. */
  watch(group: string): Trace {
    const known = this.#traces.get(group);
    if (known) return known;
    const free = this.#free(group);
    const trace: Trace = { freeBefore: free, lowest: free, lowestAt: null };
    this.#traces.set(group, trace);
    return trace;
  }

  problem(problem: Problem): void {
    this.problems.push(problem);
  }

  space(): GroupSpace[] {
    return [...this.#traces].flatMap(([name, trace]) => {
      const group = this.model.group(name);
      if (!group) return [];
      return {
        group: name,
        extentSize: group.extentSize,
        extents: extentsOf(group),
        freeBefore: trace.freeBefore,
        freeLowest: trace.lowest,
        lowestAt: trace.lowestAt,
        freeAfter: freeOf(group),
      };
    });
  }

  #leansOnFailed({ needs = [], closes }: Draft): boolean {
    if (this.#failed.size === 0) return false;
    return (closes !== undefined && this.#failed.has(closes)) || needs.some((one) => this.#failed.has(one));
  }

  #refuse(action: Action, fault: Fault): void {
    const extentSize = this.model.group(groupOf(action.target))?.extentSize ?? bytes(1);
    this.problems.push(faultProblem(action, fault, extentSize));
  }

  #free(name: string): Extents {
    const group = this.model.group(name);
    return group ? freeOf(group) : extents(0);
  }

  /** A group that is made in the plan begins at its own size, not at nothing. */
  #measure(name: string, trace: Trace, id: ActionId): void {
    const free = this.#free(name);
    const type = this.actions[id - 1]?.type;
    const takes =
      type === 'pool.create' ||
      type === 'volume.create' ||
      type === 'volume.extend' ||
      type === 'snapshot.create';
    const first = trace.lowestAt === null && takes && free === trace.lowest;
    if (free < trace.lowest || first || type === 'group.create') {
      trace.lowest = free;
      trace.lowestAt = id;
    }
  }
}
