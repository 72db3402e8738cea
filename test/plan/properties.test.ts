import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Inventory } from '../../src/lvm/inventory.ts';
import type { Action } from '../../src/plan/action.ts';
import { hasErrors } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { machineAndSpec } from '../helpers/generated.ts';
import { anInput, CLOCK } from '../helpers/specs.ts';

const RUNS = 400;

/** Performs the actions one by one, as apply does, and gives the inventory after each. */
function perform(inventory: Inventory, actions: readonly Action[]): Inventory[] {
  const after = actions.map((_, index) => {
    const result = simulate(inventory, actions.slice(0, index + 1));
    if ('inventory' in result) return result.inventory;
    throw new Error(`${result.action.type} ${result.action.target}: ${JSON.stringify(result.fault)}`);
  });
  return [inventory, ...after];
}

/** The run's clock is the plan's here: what the run fills in, filled in. */
function filledIn(inventory: Inventory): Inventory {
  const fill = (tag: string) => tag.replace('{time}', CLOCK.toISOString()).replace('{digest}', 'd');
  const groups = [...inventory.groups].map(([name, group]) => {
    const volumes = [...group.volumes].map(
      ([key, volume]) => [key, { ...volume, tags: volume.tags.map(fill) }] as const,
    );
    return [name, { ...group, volumes: new Map(volumes) }] as const;
  });
  return { ...inventory, groups: new Map(groups) };
}

test('a plan without errors can be performed, and never takes what is not free', () => {
  fc.assert(
    fc.property(machineAndSpec, ({ inventory, spec }) => {
      const plan = planBackup(anInput(spec, inventory));
      fc.pre(!hasErrors(plan));
      for (const state of perform(inventory, plan.actions)) {
        for (const group of state.groups.values()) {
          expect(group.free).toBeGreaterThanOrEqual(0);
          for (const pv of group.pvs.values()) expect(pv.free).toBeGreaterThanOrEqual(0);
        }
      }
    }),
    { numRuns: RUNS },
  );
});

test('a plan that was applied is followed by a plan with no changes', () => {
  fc.assert(
    fc.property(machineAndSpec, ({ inventory, spec }) => {
      const plan = planBackup(anInput(spec, inventory));
      fc.pre(!hasErrors(plan));
      const after = filledIn(perform(inventory, plan.actions).at(-1) as Inventory);
      const again = planBackup(anInput(spec, after));
      expect(again.actions).toEqual([]);
      expect(again.problems).toEqual([]);
      expect(again.skipped).toHaveLength(spec.volumes.length);
    }),
    { numRuns: RUNS },
  );
});

test('every bracket is closed, once, by an action of the same thing, and source groups are as they were', () => {
  fc.assert(
    fc.property(machineAndSpec, ({ inventory, spec }) => {
      const { actions, problems } = planBackup(anInput(spec, inventory));
      for (const action of actions) {
        const opens =
          action.type === 'snapshot.create' || (action.type === 'group.extend' && action.purpose === 'lend');
        const closings = actions.filter(({ closes, type }) => closes === action.id && type !== 'hook');
        // What runs after a snapshot is due as soon as that is begun: a hook closes it too, and first.
        expect(closings.map(({ target }) => target)).toEqual(opens ? [action.target] : []);
        for (const need of action.needs ?? []) expect(need).toBeLessThan(action.id);
      }
      fc.pre(!problems.some(({ severity }) => severity === 'error'));
      const after = perform(inventory, actions).at(-1);
      for (const name of ['G0', 'G1']) {
        const before = inventory.groups.get(name);
        expect(after?.groups.get(name)).toEqual({
          ...before,
          pvs: new Map([...(before?.pvs ?? [])].map(([uuid, pv]) => [uuid, pv])),
        });
      }
    }),
    { numRuns: RUNS },
  );
});

test('an error in a plan leaves every action visible, and no command ever forces', () => {
  fc.assert(
    fc.property(machineAndSpec, ({ inventory, spec }) => {
      const { actions } = planBackup(anInput(spec, inventory));
      for (const action of actions) {
        for (const argv of commandsOf(action)) expect(argv).not.toContain('--force');
      }
      expect(actions.map(({ id }) => id)).toEqual(actions.map((_, index) => index + 1));
    }),
    { numRuns: RUNS },
  );
});
