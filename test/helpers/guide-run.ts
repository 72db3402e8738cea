/** The guide's plan run on the simulated LVM, with its events: what views and records of runs are shown with. */
import type { ApplyEvent, Outcome } from '../../src/apply/events.ts';
import { runPlan } from '../../src/apply/run-plan.ts';
import { RunRecorder } from '../../src/apply/run-recorder.ts';
import { exitCodeOf } from '../../src/commands/apply.ts';
import type { RunRecord } from '../../src/plan/run-record.ts';
import { bytes, MiB } from '../../src/units.ts';
import { guideMachine, guidePlan } from '../views/plans.ts';
import { COPIED, type Disturbance, SimulatedLvm } from './simulated-lvm.ts';
import { CLOCK } from './specs.ts';

export interface GuideRun {
  readonly events: readonly ApplyEvent[];
  readonly outcome: Outcome;
  readonly record: RunRecord;
}

/** Each copy reads its source and 1 MiB of its target, and writes 3 MiB. The run takes an hour and a half. */
export async function guideRun(disturbance: Disturbance | null = null): Promise<GuideRun> {
  const plan = guidePlan();
  const lvm = new SimulatedLvm(guideMachine(), disturbance);
  const usual = lvm.context();
  const recorder = new RunRecorder(plan, CLOCK);
  const outcome = await runPlan(plan, {
    ...usual,
    copy: async (step, options) => {
      await usual.copy(step, options);
      const bytesRead = { source: step.action.bytes, target: MiB };
      return { ...COPIED, bytesRead, bytesWritten: bytes(3 * MiB) };
    },
    onEvent: (event) => {
      usual.onEvent(event);
      recorder.see(event);
    },
  });
  const end = new Date(CLOCK.getTime() + 5_400_000);
  return { events: lvm.events, outcome, record: recorder.ran(outcome, exitCodeOf(outcome), end) };
}
