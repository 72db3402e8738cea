/** What a run has open at this moment: what is told when a signal comes, and comes again. */
import type { Action, ActionId } from '../plan/action.ts';
import type { Plan } from '../plan/plan.ts';
import type { ApplyEvent } from './events.ts';

export class StillOpen {
  readonly #begun = new Set<ActionId>();
  readonly #closed = new Set<ActionId>();

  constructor(readonly plan: Pick<Plan, 'actions'>) {}

  /** Takes note of an event. */
  see(event: ApplyEvent): void {
    if (event.type === 'action.start') this.#begun.add(event.action.id);
    if (event.type === 'action.done' && event.action.closes !== undefined) this.#closed.add(event.action.id);
  }

  /** In words, in the order in which it is closed. */
  list(): string[] {
    return this.plan.actions
      .filter(({ id, closes }) => closes !== undefined && this.#begun.has(closes) && !this.#closed.has(id))
      .map(openText);
  }
}

export function openText(action: Action): string {
  switch (action.type) {
    case 'group.reduce':
      return `${action.device} is still lent to ${action.target}`;
    case 'hook':
      return `the hooks after the snapshot of ${action.target} are still to be run`;
    default:
      return `the snapshot ${action.target} is still there`;
  }
}
