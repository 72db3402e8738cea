/** Snapshots that may grow: the room is kept for them as long as they are there, and nothing else takes it. */
import { describe, expect, test } from 'vitest';
import { neverOverflowExtents } from '../../src/lvm/cow-size.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import type { SnapshotSpec } from '../../src/spec/spec.ts';
import { bytesOf, extents } from '../../src/units.ts';
import { aGroup, anInventory, aVolume, EXTENT } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec, countOf } from '../helpers/specs.ts';

interface Wanted {
  readonly free: number;
  readonly names?: readonly string[];
  readonly snapshot?: Partial<SnapshotSpec>;
  readonly set?: string | null;
}

/** Origins of 100 extents in a group with so many free ones; snapshots of 10 that grow by 5. */
function planned({ free, names = ['root'], snapshot = {}, set = null }: Wanted) {
  const volumes = names.map((name) => aVolume('S', name, 100));
  const inventory = anInventory({
    groups: [
      aGroup('S', [{ device: '/dev/a', extents: names.length * 100 + free }], volumes),
      aGroup('Backup', [{ device: '/dev/b', extents: 1000 }]),
    ],
  });
  const specs = names.map((name) =>
    aVolumeSpec(`S/${name}`, {
      set,
      snapshot: { size: countOf(10), extend: { at: 80, by: 50 }, ...snapshot },
    }),
  );
  const plan = planBackup(anInput(aSpec(specs), inventory));
  const after = simulate(inventory, plan.actions);
  return { plan, inventory, after };
}

function growths(plan: Plan) {
  return plan.actions.flatMap((action) =>
    action.type === 'snapshot.create' ? [action.growth?.extents] : [],
  );
}

function spaceOf(plan: Plan) {
  return plan.space.find(({ group }) => group === 'S');
}

describe('a snapshot that may grow', () => {
  test('has all that is free on its device, and the space table counts it', () => {
    const { plan, after } = planned({ free: 40 });
    expect(growths(plan)).toEqual([30]);
    expect(spaceOf(plan)).toMatchObject({ freeBefore: 40, freeLowest: 0, freeAfter: 40 });
    expect('inventory' in after && after.inventory.groups.get('S')?.free).toBe(40);
  });

  test('is never given more than can be of use', () => {
    const most = neverOverflowExtents(bytesOf(extents(100), EXTENT), EXTENT);
    const { plan } = planned({ free: 500 });
    expect(growths(plan)).toEqual([most - 10]);
    expect(plan.problems.map(({ code }) => code)).not.toContain('may-overflow');
    expect(growths(planned({ free: 500, snapshot: { size: countOf(most) } }).plan)).toEqual([undefined]);
  });

  test('is refused where not even one step fits, with the count of both', () => {
    const { plan } = planned({ free: 14 });
    expect(hasErrors(plan)).toBe(true);
    expect(plan.problems[0]).toMatchObject({ code: 'insufficient-space', needed: 15, available: 14 });
    expect(hasErrors(planned({ free: 15 }).plan)).toBe(false);
  });

  test('takes what there is where less will do', () => {
    const atLeast = countOf(4);
    expect(growths(planned({ free: 14, snapshot: { atLeast } }).plan)).toEqual([4]);
    expect(growths(planned({ free: 6, snapshot: { atLeast } }).plan)).toEqual([undefined]);
  });
});

test('the snapshots of a set share what is left when all of them are there', () => {
  const { plan, after } = planned({ free: 60, names: ['data', 'wal'], set: 'db' });
  expect(hasErrors(plan)).toBe(false);
  const [data = 0, wal = 0] = growths(plan);
  expect(data + wal).toBe(40);
  expect(Math.min(data, wal)).toBeGreaterThanOrEqual(15);
  expect(spaceOf(plan)).toMatchObject({ freeLowest: 0, freeAfter: 60 });
  expect('inventory' in after).toBe(true);
});

test('units that come one after the other have the room one after the other', () => {
  expect(growths(planned({ free: 40, names: ['data', 'wal'] }).plan)).toEqual([30, 30]);
});
