import fc from 'fast-check';
import { expect, test } from 'vitest';
import { growerOf, stepsNeeded } from '../../src/apply/snapshot-growth.ts';
import type { RunCommand } from '../../src/lvm/spawn.ts';
import type { SnapshotCreate } from '../../src/plan/action.ts';
import { bytes, extents, MiB } from '../../src/units.ts';

const EXTENT = bytes(4 * MiB);
const of = (count: number) => bytes(count * EXTENT);

const ACTION: SnapshotCreate = {
  ...{ id: 2, type: 'snapshot.create', unit: 'S/root', target: 'S/root-snap', origin: 'S/root', reason: '' },
  ...{ extents: extents(10), bytes: of(10), placement: { devices: ['/dev/c'] }, activateOrigin: null },
  pool: null,
  growth: { at: 80, step: extents(5), extents: extents(12) },
};

function lvm(exitCode = 0) {
  const asked: string[] = [];
  const run: RunCommand = async (argv) => {
    asked.push(argv.join(' '));
    return { argv, exitCode, signal: null, stdout: '', stderr: exitCode === 0 ? '' : '  no room\n' };
  };
  return { run, asked };
}

test('it grows on its own device when it is as full as the file says, and never beyond its room', async () => {
  const { run, asked } = lvm();
  const told: string[] = [];
  const grower = growerOf(ACTION, run, (message) => told.push(message));
  expect(await grower?.grow({ used: of(7), store: of(10) }, 0)).toBe(of(10));
  expect(await grower?.grow({ used: of(8), store: of(10) }, of(1))).toBe(of(15));
  expect(await grower?.grow({ used: of(14), store: of(15) }, of(6))).toBe(of(22));
  expect(grower?.canGrow()).toBe(false);
  expect(await grower?.grow({ used: of(21), store: of(22) }, 0)).toBe(of(22));
  expect(asked).toEqual(['lvextend -y -l +5 S/root-snap /dev/c', 'lvextend -y -l +7 S/root-snap /dev/c']);
  expect(told[0]).toContain('S/root-snap grew by 5 extents (20.0 MiB): it was 80% full');
});

test('where it cannot grow, that is said once, with the reason', async () => {
  const { run, asked } = lvm(5);
  const told: string[] = [];
  const grower = growerOf(ACTION, run, (message) => told.push(message));
  for (const used of [8, 9, 10]) await grower?.grow({ used: of(used), store: of(10) }, 0);
  expect(asked).toHaveLength(1);
  expect(told).toEqual(['the snapshot S/root-snap could not grow, and it was 80% full: no room']);
});

test('one that may not grow has no grower', () => {
  const { growth: _, ...fixed } = ACTION;
  expect(growerOf(fixed, lvm().run, () => {})).toBeNull();
});

test('the steps are enough, and not one more than that', () => {
  const cases = fc.record({
    used: fc.integer({ min: 0, max: 200 }),
    store: fc.integer({ min: 1, max: 100 }),
    filled: fc.integer({ min: 0, max: 50 }),
    at: fc.integer({ min: 1, max: 100 }),
    step: fc.integer({ min: 1, max: 20 }),
    left: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(cases, ({ used, store, filled, at, step, left }) => {
      const growth = { at, step: extents(step), extents: extents(left) };
      const more = stepsNeeded({ used: of(used), store: of(store) }, filled * EXTENT, growth, EXTENT);
      expect(more).toBeLessThanOrEqual(left);
      const full = (count: number) => used >= ((store + count) * at) / 100 || used + filled >= store + count;
      if (more > 0) expect(used).toBeGreaterThanOrEqual((store * at) / 100);
      if (more > step) expect(full(more - (more % step === 0 ? step : more % step))).toBe(true);
      if (more > 0 && more < left) expect(full(more)).toBe(false);
    }),
  );
});
