/** Restores on the simulated LVM: what is proven when, and what is left where something fails. */
import { describe, expect, test } from 'vitest';
import { runPlan } from '../../src/apply/run-plan.ts';
import type { Volume } from '../../src/lvm/inventory.ts';
import { OWNED, tag } from '../../src/lvm/tags.ts';
import { planRestore } from '../../src/plan/plan-restore.ts';
import { bytesOf, extents } from '../../src/units.ts';
import { aGroup, anInventory, aVolume, EXTENT } from '../helpers/machine.ts';
import { COPIED, type Disturbance, SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { CLOCK } from '../helpers/specs.ts';

const SIZE = bytesOf(extents(10), EXTENT);
const TAGS = [
  ...[OWNED, tag('source', 'S/root'), tag('sourceid', 'uuid-S/uuid-S-root'), tag('size', String(SIZE))],
  ...[tag('state', 'complete'), tag('time', '2026-11-23T05:00:00Z'), tag('digest', 'sha256-256KiB:0')],
];

async function restored(
  disturbance: Disturbance | null,
  to: string | null = null,
  root: Partial<Volume> = {},
) {
  const inventory = anInventory({
    groups: [
      aGroup('S', [{ device: '/dev/vda', extents: 40 }], [aVolume('S', 'root', 10, root)]),
      aGroup(
        'B',
        [{ device: '/dev/vdb', extents: 40 }],
        [aVolume('B', 'root-backup', 10, { tags: TAGS, active: false, skipActivation: true })],
      ),
    ],
  });
  const request = { source: 'S/root', point: null, to, group: null };
  const plan = planRestore({ inventory, clock: CLOCK, liveRun: false, saved: false, request });
  const lvm = new SimulatedLvm(inventory, disturbance);
  const outcome = await runPlan(plan, lvm.context());
  const volume = (group: string, name: string) => lvm.inventory().groups.get(group)?.volumes.get(name);
  return {
    lvm,
    outcome,
    target: volume('S', to === null ? 'root' : 'new'),
    point: volume('B', 'root-backup'),
  };
}

const words = (lvm: SimulatedLvm) => lvm.commands.map(({ argv }) => argv[0]);

test('proven, announced, copied, and all as it was: the verdict of the reading stays on the point', async () => {
  const { lvm, outcome, target, point } = await restored(null);
  expect(outcome).toMatchObject({
    failed: [],
    units: [{ source: 'B/root-backup', target: 'S/root', result: 'complete' }],
  });
  expect(words(lvm)).toEqual(['lvchange', 'check', 'lvchange', 'lvchange', 'copy', 'lvchange', 'lvchange']);
  expect(target).toMatchObject({ tags: [], active: true });
  expect(point).toMatchObject({ active: false });
  expect(point?.tags).toContain('lvmbackup.verified=2026-11-23T09:15:00Z:ok');
  expect(point?.tags).toContain('lvmbackup.state=complete');
});

test('a point that is damaged is found before a byte is written, and is damaged from then on', async () => {
  const { lvm, outcome, target, point } = await restored({ action: 1, command: 1, how: 'fails' });
  expect(words(lvm)).not.toContain('copy');
  expect(outcome.failed[0]?.failure.message).toContain('Nothing was written to S/root');
  expect(target).toMatchObject({ tags: [], active: true });
  expect(point).toMatchObject({ active: false });
  expect(point?.tags).toContain('lvmbackup.verified=2026-11-23T09:15:00Z:damaged');
  expect(point?.tags).toContain('lvmbackup.state=damaged');
});

describe('a copy that fails', () => {
  test('leaves the tag, the target as active as it was, and the point inactive', async () => {
    const { outcome, target, point } = await restored({ action: 1, command: 4, how: 'fails' });
    expect(outcome.units).toMatchObject([{ result: 'failed' }]);
    expect(target).toMatchObject({ tags: ['lvmbackup.restoring=2026-11-23T05:00:00Z'], active: true });
    expect(point).toMatchObject({ active: false });
  });

  test('of an inactive target', async () => {
    const { target } = await restored({ action: 1, command: 5, how: 'fails' }, null, { active: false });
    expect(target).toMatchObject({ tags: ['lvmbackup.restoring=2026-11-23T05:00:00Z'], active: false });
  });

  test('of a new target, which is not left active', async () => {
    const { target } = await restored({ action: 2, command: 2, how: 'fails' }, 'S/new');
    expect(target).toMatchObject({ tags: ['lvmbackup.restoring=2026-11-23T05:00:00Z'], active: false });
  });

  test('by a signal', async () => {
    const { outcome, target, point } = await restored({ action: 1, command: 4, how: 'signal' });
    expect(outcome).toMatchObject({ signal: 'SIGTERM' });
    expect(outcome.failed[0]?.failure.message).toContain('interrupted by SIGTERM');
    expect(target?.tags).toEqual(['lvmbackup.restoring=2026-11-23T05:00:00Z']);
    expect(point).toMatchObject({ active: false });
  });
});

test('what was copied is not what the digest says: the target stays tagged, and the point is damaged from then on', async () => {
  const inventory = anInventory({
    groups: [
      aGroup('S', [{ device: '/dev/vda', extents: 40 }], []),
      aGroup(
        'B',
        [{ device: '/dev/vdb', extents: 40 }],
        [aVolume('B', 'root-backup', 10, { tags: TAGS, active: false })],
      ),
    ],
  });
  const request = { source: 'S/root', point: null, to: null, group: null };
  const plan = planRestore({ inventory, clock: CLOCK, liveRun: false, saved: false, request });
  const lvm = new SimulatedLvm(inventory);
  const outcome = await runPlan(
    plan,
    lvm.context({ copy: async () => ({ ...COPIED, digest: 'sha256-256KiB:1' }) }),
  );
  expect(outcome.failed[0]?.failure.message).toContain('B/root-backup is damaged');
  expect(lvm.inventory().groups.get('S')?.volumes.get('root')).toMatchObject({
    ...{ tags: ['lvmbackup.restoring=2026-11-23T05:00:00Z'], active: false },
  });
  expect(lvm.inventory().groups.get('B')?.volumes.get('root-backup')?.tags).toContain(
    'lvmbackup.state=damaged',
  );
});
