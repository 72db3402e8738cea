import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../src/apply/context.ts';
import type { ApplyEvent, Outcome } from '../../src/apply/events.ts';
import { runPlan } from '../../src/apply/run-plan.ts';
import { exitCodeOf } from '../../src/commands/apply.ts';
import { UserError } from '../../src/errors.ts';
import type { Group, Inventory, Volume } from '../../src/lvm/inventory.ts';
import type { Action, ActionId } from '../../src/plan/action.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { bytes, extents, MiB } from '../../src/units.ts';
import { machineAndSpec } from '../helpers/generated.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import { COPIED, type Disturbance, SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

const RUNS = 150;

interface Ran {
  readonly inventory: Inventory;
  readonly plan: Plan;
  readonly lvm: SimulatedLvm;
  readonly outcome: Outcome;
}

type How = Disturbance['how'];

interface Where {
  readonly how: readonly How[];
  /** The actions that may be hit. */
  readonly at?: (action: Action) => boolean;
}

/** Runs plans without errors that have something to do, disturbed at one command of one action. */
function disturbed(
  { how, at = () => true }: Where,
  check: (ran: Ran, hit: Disturbance) => void,
): Promise<void> {
  const cases = fc.record({
    made: machineAndSpec,
    place: fc.nat(),
    command: fc.nat({ max: 4 }),
    how: fc.constantFrom(...how),
  });
  return fc.assert(
    fc.asyncProperty(cases, async ({ made: { inventory, spec }, place, command, how: which }) => {
      const plan = planBackup(anInput(spec, inventory));
      const candidates = plan.actions.filter(at);
      fc.pre(!hasErrors(plan) && candidates.length > 0);
      const hit = candidates[place % candidates.length] as Action;
      const commands = Math.max(1, commandsOf(hit).length);
      const disturbance: Disturbance = { action: hit.id, command: command % commands, how: which };
      const lvm = new SimulatedLvm(inventory, disturbance);
      const outcome = await runPlan(plan, lvm.context());
      fc.pre(lvm.disturbed);
      check({ inventory, plan, lvm, outcome }, disturbance);
    }),
    { numRuns: RUNS },
  );
}

const FAILING: readonly How[] = ['fails', 'fails late', 'fails for good'];
const opensOrWorks = ({ closes }: Action) => closes === undefined;
const closes = ({ closes: opened }: Action) => opened !== undefined;

function idsOf(events: readonly ApplyEvent[], type: ApplyEvent['type']): Set<ActionId> {
  return new Set(
    events.flatMap((event) => (event.type === type && 'action' in event ? [event.action.id] : [])),
  );
}

/**
 * The design in one function: an action that closes is run where what it closes was begun; any other where all that
 * it needs is done, and no signal has come.
 */
function mayStart(
  action: Action,
  begun: ReadonlySet<ActionId>,
  done: ReadonlySet<ActionId>,
  stopped: boolean,
) {
  if (action.closes !== undefined) return begun.has(action.closes);
  return !stopped && (action.needs ?? []).every((id) => done.has(id));
}

/** What becomes of each action is decided by what became of those before it, and by nothing else. */
function expectOnlyWhatMayRun({ plan, lvm }: Ran, stoppedIn: ActionId | null): void {
  const begun = idsOf(lvm.events, 'action.start');
  const done = idsOf(lvm.events, 'action.done');
  for (const action of plan.actions) {
    const before = (ids: ReadonlySet<ActionId>) => new Set([...ids].filter((id) => id < action.id));
    const stopped = stoppedIn !== null && action.id > stoppedIn;
    expect([action.id, begun.has(action.id)]).toEqual([
      action.id,
      mayStart(action, before(begun), before(done), stopped),
    ]);
  }
  expect([...begun]).toEqual([...begun].sort((a, b) => a - b));
}

/** The groups that are backed up: their volumes, tags, devices and free extents. */
function sourceGroups(inventory: Inventory) {
  return ['G0', 'G1'].map((name) => {
    const group = inventory.groups.get(name);
    return {
      free: group?.free,
      tags: group?.tags,
      pvs: [...(group?.pvs.keys() ?? [])].sort(),
      volumes: [...(group?.volumes.values() ?? [])].map(({ name: one, active, roles }) => [
        one,
        active,
        roles,
      ]),
    };
  });
}

test('a run without a fault does every action in order, and leaves what the plan predicted', async () => {
  await fc.assert(
    fc.asyncProperty(machineAndSpec, async ({ inventory, spec }) => {
      const plan = planBackup(anInput(spec, inventory));
      fc.pre(!hasErrors(plan));
      const lvm = new SimulatedLvm(inventory);
      const outcome = await runPlan(plan, lvm.context());
      expect(outcome.failed).toEqual([]);
      expect([...idsOf(lvm.events, 'action.done')]).toEqual(plan.actions.map(({ id }) => id));
      expect(outcome.units.every(({ result }) => result === 'complete')).toBe(true);
      expect(exitCodeOf(outcome)).toBe(0);
      expect(sourceGroups(lvm.inventory())).toEqual(sourceGroups(inventory));
      expect(lvm.inventory().orphans.size).toBe(0);
      for (const { target } of plan.actions.filter(({ type }) => type === 'copy')) {
        const volume = lvm
          .inventory()
          .groups.get('Backup')
          ?.volumes.get(target.split('/')[1] ?? '');
        expect(volume?.tags).toContain('lvmbackup.state=complete');
        expect(volume?.tags).not.toContain('lvmbackup.state=incomplete');
        expect(volume?.active).toBe(false);
      }
    }),
    { numRuns: RUNS },
  );
});

test('whatever fails: what runs afterwards is "close what is open, do what needs nothing that failed"', async () => {
  await disturbed({ how: FAILING }, (ran) => expectOnlyWhatMayRun(ran, null));
});

test('whenever a signal comes: what runs afterwards is "close what is open"', async () => {
  await disturbed({ how: ['signal'] }, (ran, { action }) => {
    expectOnlyWhatMayRun(ran, action);
    expect(ran.outcome.signal).toBe('SIGTERM');
    expect(exitCodeOf(ran.outcome)).toBe(143);
  });
});

test('whenever a signal comes: source groups are left as they were', async () => {
  await disturbed({ how: ['signal'] }, expectNothingLeftBehind);
});

test('whatever fails but a closing: source groups are left as they were', async () => {
  await disturbed({ how: FAILING, at: opensOrWorks }, expectNothingLeftBehind);
});

function expectNothingLeftBehind({ inventory, lvm, outcome }: Ran): void {
  expect(sourceGroups(lvm.inventory())).toEqual(sourceGroups(inventory));
  expect(outcome.leftOpen).toEqual([]);
  const orphans = [...lvm.inventory().orphans.values()].map(({ device }) => device);
  expect(orphans).not.toContain('/dev/lent');
}

test('an action that fails and closes nothing is the only one that fails, and no other source is the worse for it', async () => {
  await disturbed({ how: FAILING, at: opensOrWorks }, ({ plan, outcome }, { action }) => {
    expect(outcome.failed.map(({ action: id }) => id)).toEqual([action]);
    for (const unit of outcome.units) {
      const copy = plan.actions.find(({ type, target }) => type === 'copy' && target === unit.target);
      const hit = copy !== undefined && leansOn(plan, copy.id, action);
      expect([unit.source, unit.result]).toEqual([unit.source, hit ? 'failed' : 'complete']);
      expect(unit.reason).toEqual(hit ? expect.stringMatching(/./) : undefined);
    }
  });
});

/** Whether the action is the other one, or needs it, however far. */
function leansOn(plan: Plan, id: ActionId, other: ActionId): boolean {
  return id === other || (plan.actions[id - 1]?.needs ?? []).some((need) => leansOn(plan, need, other));
}

const isCopy = ({ type }: Action) => type === 'copy';

test('a copy that failed or was interrupted half-way is never called complete, and its volume is not left active', async () => {
  await disturbed({ how: ['fails', 'signal'], at: isCopy }, ({ plan, lvm, outcome }, { action }) => {
    const hit = plan.actions[action - 1] as Action;
    const volume = lvm.inventory().groups.get('Backup')?.volumes.get(hit.target.slice('Backup/'.length));
    const unit = outcome.units.find(({ target }) => target === hit.target);
    const tagged = lvm.commands.some(
      ({ action: id, argv }) => id === action && argv.includes('lvmbackup.state=complete'),
    );
    const copied = volume?.tags.includes('lvmbackup.state=complete');
    expect(copied).toBe(!volume?.tags.includes('lvmbackup.state=incomplete'));
    if (unit?.result === 'complete') expect(copied).toBe(true);
    if (!tagged) expect(copied).toBe(false);
    // Where the command that deactivates it is the one that failed, it is tried once more.
    expect(volume?.active).toBe(false);
  });
});

test('a closing that fails is named as left open', async () => {
  await disturbed({ how: ['fails for good'], at: closes }, ({ plan, outcome }, { action }) => {
    expect(outcome.failed.map(({ action: id }) => id)).toContain(action);
    expect(outcome.leftOpen.map((left) => left.action)).toContain(plan.actions[action - 1]?.closes);
  });
});

test('a snapshot that something held for a moment only is removed after all', async () => {
  await disturbed({ how: ['fails'], at: ({ type }) => type === 'snapshot.remove' }, (ran, { command }) => {
    if (command === 0) expectNothingLeftBehind(ran);
  });
});

test('a device on which a snapshot is left stays lent and tagged, and every other one is given back', async () => {
  await disturbed(
    { how: ['fails for good'], at: ({ type }) => type === 'snapshot.remove' },
    ({ plan, lvm, outcome }, { command }) => {
      for (const loan of plan.actions) {
        if (loan.type !== 'group.extend' || loan.purpose !== 'lend') continue;
        const group = lvm.inventory().groups.get(loan.target);
        const back = plan.actions.find((one) => one.closes === loan.id);
        const kept = outcome.failed.some(({ action }) => action === back?.id);
        const tagged = group?.tags.includes(`lvmbackup.lent=${loan.pv.uuid}`);
        expect([group?.pvs.has(loan.pv.uuid), tagged]).toEqual([kept, kept]);
        if (command > 0) expect(kept).toBe(false);
      }
    },
  );
});

test('the exit code is 0 only where all went well, 5 where some source was backed up, else 1', async () => {
  await disturbed({ how: FAILING }, ({ outcome }) => {
    const complete = outcome.units.some(({ result }) => result === 'complete');
    const code = outcome.failed.length === 0 ? 0 : complete ? 5 : 1;
    expect(exitCodeOf(outcome)).toBe(code);
  });
});

/** One source with room for its snapshot, and a plain partition that is frozen while it is copied. */
function twoSources() {
  const inventory = anInventory({
    groups: [
      aGroup('SSD', [{ device: '/dev/sda2', extents: 200 }], [aVolume('SSD', 'root', 64)]),
      aGroup('Backup', [{ device: '/dev/sdb1', extents: 200 }]),
    ],
    devices: [
      aDevice('/dev/sda1', 40 * MiB, { mountPoints: ['/boot'], partUuid: 'p' }),
      ...['/dev/sda2', '/dev/sdb1'].map((device) => aDevice(device, diskOf(200))),
    ],
  });
  const boot = aVolumeSpec('/dev/sda1', { backup: 'boot-backup', freeze: true });
  const plan = planBackup(anInput(aSpec([aVolumeSpec('SSD/root'), boot]), inventory));
  expect(hasErrors(plan)).toBe(false);
  return { plan, lvm: new SimulatedLvm(inventory) };
}

function inventoryWith(lvm: SimulatedLvm, change: (volumes: Map<string, Volume>) => void): Inventory {
  const inventory = lvm.inventory();
  const group = inventory.groups.get('SSD') as Group;
  const volumes = new Map(group.volumes);
  change(volumes);
  return { ...inventory, groups: new Map([...inventory.groups, ['SSD', { ...group, volumes }]]) };
}

test('a removal that was killed is looked at anew: what LVM left suspended and mapped is ended, and the run has succeeded', async () => {
  const { plan, lvm } = twoSources();
  const context = lvm.context();
  const ended: string[] = [];
  let killed = false;
  const torn = (volumes: Map<string, Volume>) => {
    volumes.set('root', { ...(volumes.get('root') as Volume), unsettled: true });
    volumes.set('root-snap', { ...(volumes.get('root-snap') as Volume), origin: null, roles: ['public'] });
  };
  const outcome = await runPlan(plan, {
    ...context,
    run: async (argv) => {
      const line = argv.join(' ');
      const isRemoval = line === 'lvremove -y SSD/root-snap';
      if (isRemoval && !killed) {
        killed = true;
        return { argv, exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' };
      }
      const reply = (stdout: string) => ({ argv, exitCode: 0, signal: null, stdout, stderr: '' });
      if (killed && ended.at(-1) !== 'lvremove -y SSD/root-snap') {
        ended.push(line);
        if (line.startsWith('dmsetup info'))
          return reply('SSD-root--snap-cow|0\nSSD-root-real|0\nSSD-var-real|1\n');
        if (!isRemoval) return reply('');
      }
      return context.run(argv);
    },
    readInventory: async () => {
      const isTorn = killed && lvm.inventory().groups.get('SSD')?.volumes.has('root-snap');
      return isTorn ? inventoryWith(lvm, torn) : lvm.inventory();
    },
  });
  expect(ended).toEqual([
    'lvchange --refresh SSD/root',
    'lvchange --refresh SSD/root',
    'lvchange -y -an SSD/root-snap',
    'dmsetup info -c --noheadings --separator | -o name,open',
    'dmsetup remove --retry SSD-root--snap-cow',
    'dmsetup remove --retry SSD-root-real',
    'lvremove -y SSD/root-snap',
  ]);
  expect(outcome.failed).toEqual([]);
});

describe('a copy counts only where its source stood still', () => {
  const stateOf = (lvm: SimulatedLvm, name: string) =>
    lvm
      .inventory()
      .groups.get('Backup')
      ?.volumes.get(name)
      ?.tags.find((tag) => tag.includes('.state='));

  test.each<[what: string, change: (volumes: Map<string, Volume>) => void, message: RegExp]>([
    [
      'overflowed',
      (volumes) =>
        volumes.set('root-snap', { ...(volumes.get('root-snap') as Volume), snapshotInvalid: true }),
      /^the snapshot SSD\/root-snap overflowed while it was copied/,
    ],
    ['vanished', (volumes) => volumes.delete('root-snap'), /^the snapshot SSD\/root-snap vanished/],
    [
      "is another run's",
      (volumes) => volumes.set('root-snap', { ...(volumes.get('root-snap') as Volume), tags: [] }),
      /^the snapshot SSD\/root-snap vanished/,
    ],
  ])('not where the snapshot %s', async (_, change, message) => {
    const { plan, lvm } = twoSources();
    let copied = false;
    const outcome = await runPlan(plan, {
      ...lvm.context({
        copy: async () => {
          copied = true;
          return COPIED;
        },
        readInventory: async () => {
          if (!copied) return lvm.inventory();
          copied = false;
          return inventoryWith(lvm, change);
        },
      }),
    });
    expect(outcome.units[0]).toMatchObject({ result: 'failed', reason: expect.stringMatching(message) });
    expect(stateOf(lvm, 'root-backup')).toBe('lvmbackup.state=incomplete');
    expect(lvm.inventory().groups.get('SSD')?.volumes.has('root-snap')).toBe(false);
  });

  test('a source that could not be read everywhere: the copy is tagged damaged, and the source has failed', async () => {
    const { plan, lvm } = twoSources();
    const unreadable = [{ start: bytes(8192), length: bytes(4096) }];
    const outcome = await runPlan(plan, lvm.context({ copy: async () => ({ ...COPIED, unreadable }) }));
    expect(outcome.units[0]).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining('4096 bytes at byte 8192'),
    });
    expect(stateOf(lvm, 'root-backup')).toBe('lvmbackup.state=damaged');
    expect(lvm.inventory().groups.get('SSD')?.volumes.has('root-snap')).toBe(false);
  });

  test('not where the file system was let go before the end, and not where the copy failed; it is let go in both', async () => {
    for (const which of ['late', 'copy fails'] as const) {
      const { plan, lvm } = twoSources();
      const diary: string[] = [];
      const outcome = await runPlan(
        plan,
        lvm.context({
          copy: async ({ from }) => {
            diary.push(`copy ${from}`);
            if (which === 'copy fails' && from === '/dev/sda1') throw new Error('input/output error');
            return COPIED;
          },
          holdStill: async ({ mountPoint }) => {
            diary.push(`hold ${mountPoint}`);
            return {
              release: async () => {
                diary.push('release');
                if (which === 'late') throw new Error('let go before the copy was done');
              },
            };
          },
        }),
      );
      expect(diary).toEqual(['copy /dev/SSD/root-snap', 'hold /boot', 'copy /dev/sda1', 'release']);
      expect(outcome.units.map(({ result }) => result)).toEqual(['complete', 'failed']);
      expect(outcome.units[1]?.reason).toMatch(/let go before|input\/output error/);
      expect(stateOf(lvm, 'boot-backup')).toBe('lvmbackup.state=incomplete');
      expect(stateOf(lvm, 'root-backup')).toBe('lvmbackup.state=complete');
      expect(exitCodeOf(outcome)).toBe(5);
    }
  });
});

describe('a refresh that fails', () => {
  const COMPLETE = ['lvmbackup.state=complete', 'lvmbackup.time=2026-11-20T00:00:00Z', 'lvmbackup.digest=d'];

  /** What becomes of the tags of a complete copy of a plain device that is refreshed. */
  async function refreshed(traits: Partial<RunContext>, failing = (_: readonly string[]) => false) {
    const { plan, lvm: first } = twoSources();
    await runPlan(plan, first.context());
    const before = first.inventory();
    const group = before.groups.get('Backup') as Group;
    const volumes = new Map(group.volumes);
    const boot = volumes.get('boot-backup') as Volume;
    const tags = boot.tags.filter((tag) => !/state=|time=|digest=/.test(tag));
    volumes.set('boot-backup', { ...boot, tags: [...tags, ...COMPLETE] });
    const inventory = { ...before, groups: new Map([...before.groups, ['Backup', { ...group, volumes }]]) };
    const spec = aSpec([aVolumeSpec('/dev/sda1', { backup: 'boot-backup', freeze: true })]);
    const next = planBackup(anInput(spec, inventory));
    expect(next.actions.some(({ type }) => type === 'copy')).toBe(true);
    const lvm = new SimulatedLvm(inventory);
    const { run } = lvm.context();
    const failed = { exitCode: 5, signal: null, stdout: '', stderr: '  it is busy\n' };
    const tried: RunContext['run'] = async (argv) => (failing(argv) ? { argv, ...failed } : run(argv));
    const outcome = await runPlan(next, lvm.context({ run: tried, ...traits }));
    const left = lvm.inventory().groups.get('Backup')?.volumes.get('boot-backup');
    expect(outcome.units[0]?.result).toBe('failed');
    return {
      active: left?.active,
      tags: [...(left?.tags ?? [])].sort(),
      before: [...tags, ...COMPLETE].sort(),
      outcome,
    };
  }

  const noFreeze: RunContext['holdStill'] = () => Promise.reject(new UserError(1, 'it cannot be frozen'));

  test('before anything of the copy was touched leaves it complete, as it was, and says so', async () => {
    const { tags, before, outcome, active } = await refreshed({ holdStill: noFreeze });
    expect(tags).toEqual(before);
    expect(active).toBe(false);
    expect(outcome.units[0]?.reason).toBe(
      'it cannot be frozen; Backup/boot-backup is untouched, and complete as it was',
    );
  });

  test('after that leaves it incomplete', async () => {
    const copy: RunContext['copy'] = async (_, { onTouch }) => {
      onTouch();
      throw new UserError(1, 'input/output error');
    };
    const { tags, outcome } = await refreshed({ copy });
    expect(tags).toContain('lvmbackup.state=incomplete');
    expect(tags).not.toContain('lvmbackup.state=complete');
    expect(outcome.units[0]?.reason).toBe('input/output error; Backup/boot-backup stays incomplete');
  });

  test('after it said complete leaves it so', async () => {
    const { tags, outcome } = await refreshed({}, (argv) => argv.includes('-an'));
    expect(tags).toContain('lvmbackup.state=complete');
    expect(tags.filter((one) => one.startsWith('lvmbackup.time='))).toHaveLength(1);
    expect(outcome.units[0]?.reason).toContain('Backup/boot-backup is complete all the same');
  });

  test('and whose tags cannot be given back says that too', async () => {
    const { tags, outcome } = await refreshed(
      { holdStill: noFreeze },
      (argv) =>
        argv.includes('lvmbackup.state=complete') &&
        argv.indexOf('lvmbackup.state=complete') > argv.indexOf('--addtag'),
    );
    expect(tags).toContain('lvmbackup.state=incomplete');
    expect(outcome.units[0]?.reason).toContain('is untouched, though its tags may call it incomplete');
  });
});

test('where a freeze fails and the target lies in a pool, nothing goes on watching that pool', async () => {
  const group = aGroup(
    'Backup',
    [{ device: '/dev/sdb1', extents: 200 }],
    [
      aVolume('Backup', 'p', 100, {
        ...{ layout: ['thin', 'pool'], roles: ['private'], tags: ['lvmbackup'], chunkSize: bytes(262_144) },
      }),
    ],
  );
  const inventory = anInventory({
    groups: [group],
    devices: [
      aDevice('/dev/sda1', 40 * MiB, { mountPoints: ['/boot'], partUuid: 'p' }),
      aDevice('/dev/sdb1', diskOf(200)),
    ],
  });
  const size = { unit: 'extents', extents: extents(100) } as const;
  const pool = { name: 'p', size, chunkSize: bytes(262_144), metadata: null };
  const boot = aVolumeSpec('/dev/sda1', { backup: 'boot-backup', freeze: true });
  const plan = planBackup(anInput(aSpec([boot], { pool }), inventory));
  expect(plan.actions.map(({ type }) => type)).toContain('copy');
  const lvm = new SimulatedLvm(inventory);
  const { run } = lvm.context();
  const status = '0 819200 thin-pool 4 12/1024 3/1600 - rw discard_passdown error_if_no_space - 1024\n';
  const answering: RunContext['run'] = async (argv) =>
    argv[0] === 'dmsetup' ? { argv, exitCode: 0, signal: null, stdout: status, stderr: '' } : run(argv);
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = timers();
  const outcome = await runPlan(
    plan,
    lvm.context({
      run: answering,
      holdStill: () => Promise.reject(new UserError(1, 'it cannot be frozen')),
    }),
  );
  expect(outcome.units[0]?.reason).toContain('it cannot be frozen');
  expect(timers()).toBe(before);
});

describe('the exit code of a signal', () => {
  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s is %i, whatever was done before', (signal, code) => {
    const outcome = { units: [], failed: [], leftOpen: [], signal, copiedBytes: 0, seconds: 0 };
    expect(exitCodeOf(outcome as unknown as Outcome)).toBe(code);
  });
});
