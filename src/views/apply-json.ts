/** A run as one JSON object a line. Readers pass over types and keys that they do not know. */
import type { ApplyEvent, Outcome } from '../apply/events.ts';
import { planDocument } from '../plan/document.ts';
import type { Plan } from '../plan/plan.ts';

export interface ApplyJson {
  readonly begin: (plan: Plan, version: string) => void;
  readonly event: (event: ApplyEvent) => void;
  readonly end: (outcome: Outcome, exitCode: number) => void;
}

export function applyJson(write: (line: string) => void, now: () => Date): ApplyJson {
  const tell = (type: string, rest: object) =>
    write(`${JSON.stringify({ type, time: now().toISOString(), ...rest })}\n`);
  return {
    begin(plan, version) {
      tell('version', { formatVersion: '1.0', version });
      tell('planned', { plan: planDocument(plan) });
    },
    event({ type, ...rest }) {
      tell(type, 'action' in rest ? { ...rest, action: rest.action.id } : rest);
    },
    end(outcome, exitCode) {
      tell('summary', { ...outcome, exitCode });
    },
  };
}
