import { expect, test } from 'vitest';
import { runPlan } from '../../src/apply/run-plan.ts';
import { StillOpen } from '../../src/apply/still-open.ts';
import { SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { guideMachine, guidePlan } from '../views/plans.ts';

test('at each event it names what was opened and not yet closed, innermost first', async () => {
  const plan = guidePlan();
  const open = new StillOpen(plan);
  const lvm = new SimulatedLvm(guideMachine());
  const usual = lvm.context();
  const during: string[][] = [];
  await runPlan(plan, {
    ...usual,
    onEvent: (event) => {
      usual.onEvent(event);
      open.see(event);
      if (event.type === 'action.start' && event.action.type === 'copy') during.push(open.list());
    },
  });
  expect(during[0]).toEqual(['the snapshot SSD/root-snap is still there', '/dev/sdb1 is still lent to SSD']);
  expect(during.at(-1)).toEqual([]);
  expect(open.list()).toEqual([]);
});
