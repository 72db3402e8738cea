/** Hooks in the plan and in a run: what is run when, whatever fails. */
import { expect, test } from 'vitest';
import type { HookCall } from '../../src/apply/hook-process.ts';
import { runPlan } from '../../src/apply/run-plan.ts';
import { exitCodeOf } from '../../src/commands/apply.ts';
import { tagValue } from '../../src/lvm/tags.ts';
import type { Action } from '../../src/plan/action.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import type { HooksSpec } from '../../src/spec/spec.ts';
import { MiB, seconds } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import { type Disturbance, RUN, SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

/** One command at each moment, which says whose it is. */
const all = (of: string): HooksSpec => ({
  before: [['before', of]],
  after: [['after', of]],
  onSuccess: [['success', of]],
  onFailure: [['failure', of]],
  timeout: seconds(60),
});

const inventory = anInventory({
  groups: [
    aGroup(
      'SSD',
      [{ device: '/dev/sda2', extents: 400 }],
      ['data', 'wal', 'mail'].map((name) => aVolume('SSD', name, 20)),
    ),
    aGroup('Backup', [{ device: '/dev/sdb1', extents: 200 }]),
  ],
  devices: [
    aDevice('/dev/sda1', 40 * MiB, { partUuid: 'p' }),
    ...['/dev/sda2', '/dev/sdb1'].map((device) => aDevice(device, diskOf(400))),
  ],
});

/** A set of two with hooks of its own, a source alone, and a plain device. */
function planWith(hooks: (of: string) => HooksSpec): Plan {
  const volumes = [
    aVolumeSpec('SSD/data', { set: 'pg', hooks: hooks('data') }),
    aVolumeSpec('SSD/wal', { set: 'pg', hooks: hooks('wal') }),
    aVolumeSpec('SSD/mail', { hooks: hooks('mail') }),
    aVolumeSpec('/dev/sda1', { backup: 'boot-backup', hooks: hooks('boot') }),
  ];
  const plan = planBackup(anInput({ ...aSpec(volumes), sets: { pg: { hooks: hooks('set') } } }, inventory));
  expect(hasErrors(plan)).toBe(false);
  return plan;
}

const shortName = (action: Action) =>
  action.type === 'hook' ? (action.hooks[0] ?? []).join(' ') : `${action.type} ${action.target}`;

/** The hooks, snapshots, copies and removals of the plan, in its order. */
function orderOf(plan: Plan): string[] {
  return plan.actions
    .filter(({ type }) => ['hook', 'snapshot.create', 'copy', 'snapshot.remove'].includes(type))
    .map((action) => shortName(action).replace(/(SSD|Backup)\//, ''));
}

interface Ran {
  readonly plan: Plan;
  readonly lvm: SimulatedLvm;
  readonly calls: HookCall[];
  readonly outcome: Awaited<ReturnType<typeof runPlan>>;
}

async function run(plan: Plan, disturbance: Disturbance | null = null): Promise<Ran> {
  const lvm = new SimulatedLvm(inventory, disturbance);
  const usual = lvm.context();
  const calls: HookCall[] = [];
  const runHook: typeof usual.runHook = (call) => {
    calls.push(call);
    return usual.runHook(call);
  };
  return { plan, lvm, calls, outcome: await runPlan(plan, { ...usual, runHook }) };
}

const idOf = (plan: Plan, name: string) =>
  plan.actions.find((action) => shortName(action) === name)?.id as number;
const said = ({ calls }: Ran) => calls.map(({ argv }) => argv.join(' '));

test("a set's own hooks stand around those of its members, and all of them around the snapshots", () => {
  expect(orderOf(planWith(all)).slice(0, 18)).toEqual([
    'before set',
    'before data',
    'before wal',
    'snapshot.create data-snap',
    'snapshot.create wal-snap',
    'after wal',
    'after data',
    'after set',
    'copy data-backup',
    'snapshot.remove data-snap',
    'success data',
    'failure data',
    'copy wal-backup',
    'snapshot.remove wal-snap',
    'success wal',
    'failure wal',
    'success set',
    'failure set',
  ]);
});

test('a plain device has no snapshot: its hooks stand around the copy', () => {
  expect(orderOf(planWith(all)).slice(-5)).toEqual([
    'before boot',
    'copy boot-backup',
    'after boot',
    'success boot',
    'failure boot',
  ]);
});

test('nothing is stopped before there is room: what comes before needs the backup volume', () => {
  const plan = planWith(all);
  const volume = plan.actions.find(({ target }) => target === 'Backup/mail-backup')?.id;
  expect(plan.actions[idOf(plan, 'before mail') - 1]?.needs).toEqual([volume]);
});

test('a run that does all: every hook but those of failures, told what it is about', async () => {
  const ran = await run(planWith(all));
  expect(ran.outcome.failed).toEqual([]);
  expect(said(ran).filter((one) => one.startsWith('failure'))).toEqual([]);
  expect(said(ran)).toHaveLength(15);
  expect(ran.calls.find(({ argv }) => argv.join(' ') === 'success mail')).toMatchObject({
    timeout: 60,
    environment: {
      LVMBACKUP_HOOK: 'onSuccess',
      LVMBACKUP_RUN: RUN,
      LVMBACKUP_UNIT: 'SSD/mail',
      LVMBACKUP_SOURCE: 'SSD/mail',
      LVMBACKUP_BACKUP: 'Backup/mail-backup',
      LVMBACKUP_TIME: '2026-11-23T09:15:00Z',
      LVMBACKUP_RESULT: 'complete',
    },
  });
  expect(ran.calls[0]?.environment).toEqual({
    LVMBACKUP_HOOK: 'before',
    LVMBACKUP_RUN: RUN,
    LVMBACKUP_UNIT: 'set pg',
    LVMBACKUP_SOURCE: 'SSD/data\nSSD/wal',
    LVMBACKUP_BACKUP: 'Backup/data-backup\nBackup/wal-backup',
  });
});

test('a failing before skips its set, what was begun is ended, and the others are backed up: exit 5', async () => {
  const plan = planWith(all);
  const ran = await run(plan, { action: idOf(plan, 'before data'), command: 0, how: 'fails' });
  expect(said(ran).slice(0, 8)).toEqual([
    'before set',
    'before data',
    'after data',
    'after set',
    'failure data',
    'failure wal',
    'failure set',
    'before mail',
  ]);
  expect(ran.lvm.commands.some(({ argv }) => argv.includes('data-snap'))).toBe(false);
  expect(ran.outcome.units.map(({ result }) => result)).toEqual(['failed', 'failed', 'complete', 'complete']);
  expect(exitCodeOf(ran.outcome)).toBe(5);
  const failure = ran.calls.find(({ argv }) => argv.join(' ') === 'failure wal');
  expect(failure?.environment).toMatchObject({
    LVMBACKUP_RESULT: 'failed',
    LVMBACKUP_ERROR: 'before data failed (exit code 1)',
  });
});

test('a snapshot that fails: what was stopped is started again', async () => {
  const plan = planWith(all);
  const action = plan.actions.find(({ target }) => target === 'SSD/wal-snap')?.id as number;
  const ran = await run(plan, { action, command: 0, how: 'fails' });
  expect(said(ran).slice(0, 6)).toEqual([
    'before set',
    'before data',
    'before wal',
    'after wal',
    'after data',
    'after set',
  ]);
  expect(said(ran)).toContain('failure set');
  expect(said(ran)).not.toContain('success data');
});

test('a failing after is told and does not keep the copy from being made', async () => {
  const plan = planWith(all);
  const ran = await run(plan, { action: idOf(plan, 'after mail'), command: 0, how: 'fails' });
  expect(ran.outcome.units.every(({ result }) => result === 'complete')).toBe(true);
  expect(ran.outcome.leftOpen.map(({ what }) => what)).toEqual([
    'the hooks after the snapshot of SSD/mail are still to be run',
  ]);
  expect(exitCodeOf(ran.outcome)).toBe(5);
});

test('a signal: what was stopped is started, failures are told of what was begun, nothing else is', async () => {
  const plan = planWith(all);
  const ran = await run(plan, { action: idOf(plan, 'before data'), command: 0, how: 'signal' });
  expect(said(ran)).toEqual([
    'before set',
    'before data',
    'after data',
    'after set',
    'failure data',
    'failure wal',
    'failure set',
  ]);
  expect(ran.calls.at(-1)?.environment).toMatchObject({ LVMBACKUP_RESULT: 'interrupted' });
  expect(exitCodeOf(ran.outcome)).toBe(143);
});

test('an after without a before is run where the snapshot was begun', async () => {
  const plan = planWith((of) => ({ ...all(of), before: [], onSuccess: [], onFailure: [] }));
  const whole = await run(plan);
  expect(said(whole)).toEqual(['after wal', 'after data', 'after set', 'after mail', 'after boot']);
  const wal = plan.actions.find(({ target }) => target === 'SSD/wal-snap')?.id as number;
  const ran = await run(plan, { action: wal, command: 0, how: 'fails' });
  expect(said(ran).slice(0, 3)).toEqual(['after wal', 'after data', 'after set']);
});

test('of several commands, those before stop at the first failure, those after are all run', async () => {
  const two = (of: string): HooksSpec => ({
    ...all(of),
    before: [
      ['before', of],
      ['second', of],
    ],
    after: [
      ['after', of],
      ['again', of],
    ],
    onSuccess: [],
    onFailure: [],
  });
  const plan = planWith(two);
  const before = await run(plan, { action: idOf(plan, 'before mail'), command: 0, how: 'fails' });
  expect(said(before).filter((one) => one.endsWith('mail'))).toEqual([
    'before mail',
    'after mail',
    'again mail',
  ]);
  const after = await run(plan, { action: idOf(plan, 'after mail'), command: 0, how: 'fails' });
  expect(said(after).filter((one) => one.endsWith('mail'))).toHaveLength(4);
});

test('how far apart the snapshots of a set are is measured', async () => {
  const plan = planWith(all);
  const lvm = new SimulatedLvm(inventory);
  let clock = Date.parse('2026-11-23T09:15:00Z');
  const usual = lvm.context({ now: () => new Date(clock) });
  const outcome = await runPlan(plan, {
    ...usual,
    run: (argv) => {
      if (argv[0] === 'lvcreate' && argv.includes('-s')) clock += 250;
      return usual.run(argv);
    },
  });
  expect(outcome.sets).toEqual([{ unit: 'set pg', snapshots: 2, seconds: 0.5 }]);
  expect(lvm.events.filter(({ type }) => type === 'set.frozen')).toHaveLength(1);
});

test('each member of a set has the time of its own snapshot, the set that of its last one', async () => {
  const lvm = new SimulatedLvm(inventory);
  let clock = Date.parse('2026-11-23T09:15:00Z');
  const usual = lvm.context({ now: () => new Date(clock) });
  const times = new Map<string, string | undefined>();
  await runPlan(planWith(all), {
    ...usual,
    run: (argv) => {
      if (argv[0] === 'lvcreate' && argv.includes('-s')) clock += 2000;
      return usual.run(argv);
    },
    runHook: (call) => {
      times.set(call.argv.join(' '), call.environment.LVMBACKUP_TIME);
      return usual.runHook(call);
    },
  });
  const tagged = ['data', 'wal', 'mail'].map((name) => {
    const tags = lvm.inventory().groups.get('Backup')?.volumes.get(`${name}-backup`)?.tags ?? [];
    return tagValue(tags, 'time');
  });
  expect(tagged).toEqual(['2026-11-23T09:15:02Z', '2026-11-23T09:15:04Z', '2026-11-23T09:15:06Z']);
  expect(times.get('before data')).toBeUndefined();
  expect(times.get('success data')).toBe('2026-11-23T09:15:02Z');
  expect(times.get('success set')).toBe('2026-11-23T09:15:04Z');
  expect(times.get('success boot')).toBe('2026-11-23T09:15:06Z');
});
