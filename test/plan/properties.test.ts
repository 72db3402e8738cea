import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Inventory, Volume } from '../../src/lvm/inventory.ts';
import type { Action } from '../../src/plan/action.ts';
import { hasErrors } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import type { Size, Spec, VolumeSpec } from '../../src/spec/spec.ts';
import { bytes, MiB, seconds } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import {
  anInput,
  aSpec,
  aVolumeSpec,
  CLOCK,
  countOf,
  percentOfFree,
  percentOfOrigin,
} from '../helpers/specs.ts';

const RUNS = 400;

const size: fc.Arbitrary<Size> = fc.oneof(
  fc.integer({ min: 1, max: 150 }).map(percentOfOrigin),
  fc.integer({ min: 1, max: 100 }).map(percentOfFree),
  fc.integer({ min: 1, max: 300 }).map(countOf),
);

interface Case {
  readonly inventory: Inventory;
  readonly spec: Spec;
}

const volumeCounts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 4 });

/** Two source groups of one to three disks, a backup group that may be missing, a device that may be lent. */
const machineAndSpec: fc.Arbitrary<Case> = fc
  .record({
    counts: fc.tuple(volumeCounts, volumeCounts),
    disks: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 3 }),
    lentSize: fc.integer({ min: 2, max: 300 }),
    backupSize: fc.integer({ min: 20, max: 1500 }),
    backupExtent: fc.constantFrom(1, 4, 8, 32).map((n) => bytes(n * MiB)),
    present: fc.boolean(),
    snapshots: fc.array(
      fc.record({
        size,
        atLeast: fc.option(size),
        lend: fc.boolean(),
        set: fc.option(fc.constantFrom('x', 'y')),
      }),
      { minLength: 8, maxLength: 8 },
    ),
  })
  .map((made) => {
    const groups = made.counts.map((counts, index) => sourceGroup(`G${index}`, counts, made.disks));
    const backup = aGroup('Backup', [{ device: '/dev/backup', extents: made.backupSize }], [], {
      extentSize: made.backupExtent,
    });
    const volumes = groups.flatMap((group) => [...group.volumes.values()]);
    return {
      inventory: anInventory({
        groups: made.present ? [...groups, backup] : groups,
        devices: [
          aDevice('/dev/lent', diskOf(made.lentSize)),
          ...(made.present ? [] : [aDevice('/dev/backup', diskOf(made.backupSize, made.backupExtent))]),
        ],
      }),
      spec: aSpec(
        volumes.map((volume, index) => specOf(volume, made.snapshots[index])),
        { devices: ['/dev/backup'], extentSize: made.backupExtent },
      ),
    };
  });

function sourceGroup(name: string, counts: readonly number[], spare: readonly number[]) {
  const used = counts.reduce((sum, count) => sum + count, 0);
  const disks = spare.map((extra, index) => ({
    device: `/dev/${name}${index}`,
    extents: index === 0 ? used + extra : extra + 1,
  }));
  return aGroup(
    name,
    disks,
    counts.map((count, index) => aVolume(name, `v${index}`, count)),
  );
}

type Choice = { size: Size; atLeast: Size | null; lend: boolean; set: string | null };

function specOf(volume: Volume, choice: Choice | undefined): VolumeSpec {
  return aVolumeSpec(`${volume.group}/${volume.name}`, {
    backup: `${volume.group}-${volume.name}`,
    refreshAfter: seconds(3600),
    set: choice?.set ? `${volume.group}${choice.set}` : null,
    snapshot: {
      size: choice?.size ?? percentOfOrigin(100),
      atLeast: choice?.atLeast ?? null,
      lend: choice?.lend ? '/dev/lent' : null,
    },
  });
}

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
        const closings = actions.filter(({ closes }) => closes === action.id);
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
