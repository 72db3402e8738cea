/** Thin origins, and bases that are kept: what is planned on what, and what is left of runs that are cut. */
import { describe, expect, test } from 'vitest';
import { runPlan } from '../../src/apply/run-plan.ts';
import type { Inventory, Volume } from '../../src/lvm/inventory.ts';
import { tagValue } from '../../src/lvm/tags.ts';
import type { CopyAction } from '../../src/plan/action.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup, planRecovery } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { extents, MiB } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import { SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { anInput, aSpec, aVolumeSpec, CLOCK } from '../helpers/specs.ts';

const TIME = '2026-11-22T09:15:00Z';
const DIGEST = `sha256-256KiB:${'0'.repeat(64)}`;

const copied = (time = TIME, more: readonly string[] = []): Partial<Volume> => ({
  tags: [
    ...['lvmbackup', 'lvmbackup.source=SSD/root', 'lvmbackup.sourceid=uuid-SSD/uuid-SSD-root'],
    ...['lvmbackup.host=0123456789ab', `lvmbackup.size=${256 * MiB}`, 'lvmbackup.state=complete'],
    ...[`lvmbackup.time=${time}`, `lvmbackup.digest=${DIGEST}`, ...more],
  ],
  ...{ active: false, skipActivation: true },
});

const aBase = (traits: Partial<Volume> = {}): Volume =>
  aVolume('SSD', 'root-base', 65, {
    ...{ origin: 'root', roles: ['public', 'snapshot', 'thicksnapshot'], readOnly: true },
    tags: ['lvmbackup', 'lvmbackup.base=Backup/root-backup', `lvmbackup.basetime=${TIME}`],
    dataPercent: 10,
    ...traits,
  });

function machine(
  options: {
    base?: Volume | null;
    backup?: Partial<Volume> | null;
    root?: Partial<Volume>;
    more?: readonly Volume[];
  } = {},
): Inventory {
  const { base = aBase(), backup = copied(), root = {}, more = [] } = options;
  const roles = base ? ['public', 'origin', 'thickorigin'] : ['public'];
  const volumes = [aVolume('SSD', 'root', 64, { roles, ...root }), ...(base ? [base] : []), ...more];
  const backups = backup ? [aVolume('Backup', 'root-backup', 64, backup)] : [];
  return anInventory({
    groups: [
      aGroup('SSD', [{ device: '/dev/sda', extents: 300 }], volumes),
      aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }], backups),
    ],
    devices: ['/dev/sda', '/dev/sdb', '/dev/sdc1'].map((path) => aDevice(path, diskOf(100))),
  });
}

/** With a pool of that fill in which the origin lies. */
function thinMachine(traits: { pool?: Partial<Volume>; base?: Volume | null; root?: Partial<Volume> } = {}) {
  const pool = aVolume('SSD', 'pool', 100, {
    ...{ roles: ['private'], layout: ['thin', 'pool'], dataPercent: 50, metadataPercent: 10 },
    ...traits.pool,
  });
  const part = (name: string, count: number) =>
    aVolume('SSD', name, count, { hidden: true, roles: ['private', 'thin', 'pool'], active: pool.active });
  const inventory = machine({
    base: traits.base ?? null,
    ...(traits.base ? {} : { backup: null }),
    root: { ...THIN, roles: ['public'], thinId: 1, ...traits.root },
    more: [pool, part('pool_tdata', 100), part('pool_tmeta', 1)],
  });
  return inventory;
}

const THIN: Partial<Volume> = {
  layout: ['thin', 'sparse'],
  pool: 'pool',
  allocation: [{ pv: 'none', extents: extents(0) }],
};

const tracked = (traits = {}) => aSpec([aVolumeSpec('SSD/root', { tracking: 'snapshot', ...traits })]);
const planOf = (inventory: Inventory, spec = tracked()) => planBackup(anInput(spec, inventory));
const typesOf = ({ actions }: Plan) => actions.map(({ type }) => type);
const errorsOf = ({ problems }: Plan) =>
  problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
const copyOf = ({ actions }: Plan) => actions.find((one): one is CopyAction => one.type === 'copy');
const words = ({ actions }: Plan) => actions.flatMap((one) => commandsOf(one).map((argv) => argv.join(' ')));

describe('a base', () => {
  test('is what is read by, and is replaced when the copy is complete', () => {
    const plan = planOf(machine());
    expect(typesOf(plan)).toEqual(['snapshot.create', 'copy', 'snapshot.keep']);
    expect(copyOf(plan)).toMatchObject({
      mode: 'changed',
      since: { snapshot: 'SSD/root-base', time: TIME, size: 256 * MiB, holder: null },
      reads: 26 * MiB,
    });
    expect(words(plan).slice(-3)).toEqual([
      'lvchange --deltag lvmbackup.run={run} --addtag lvmbackup.base=Backup/root-backup --addtag lvmbackup.basetime={time} SSD/root-snap',
      'lvremove -y SSD/root-base',
      'lvrename SSD/root-snap SSD/root-base',
    ]);
    // Both exist while it is copied.
    expect(plan.space.find(({ group }) => group === 'SSD')).toMatchObject({
      group: 'SSD',
      freeBefore: 171,
      freeLowest: 106,
      freeAfter: 171,
    });
    const after = simulate(machine(), plan.actions);
    const volumes = 'inventory' in after ? after.inventory.groups.get('SSD')?.volumes : undefined;
    expect([...(volumes?.keys() ?? [])]).toEqual(['root', 'root-base']);
    expect(volumes?.get('root')?.roles).toEqual(['public', 'origin', 'thickorigin']);
  });

  test.each([
    ['there is none yet', { base: null }, 'there is no base yet'],
    ['it has overflown', { base: aBase({ snapshotInvalid: true }) }, 'has overflown'],
    [
      'the copy is newer',
      { backup: copied('2026-11-22T21:00:00Z') },
      `is of ${TIME}, and Backup/root-backup of`,
    ],
    [
      'it is of a volume that is not there',
      { base: aBase({ tags: ['lvmbackup', 'lvmbackup.base=Backup/x', `lvmbackup.basetime=${TIME}`] }) },
      'is of Backup/x, which is not there',
    ],
  ])('%s: everything is read, said with the reason', (_, options, reason) => {
    const plan = planOf(machine(options));
    expect(errorsOf(plan)).toEqual([]);
    expect(copyOf(plan)).toMatchObject({ since: null, reads: 256 * MiB, mode: 'changed' });
    expect(copyOf(plan)?.reason).toContain('everything is read');
    expect(copyOf(plan)?.reason).toContain(reason);
    expect(typesOf(plan).at(-1)).toBe('snapshot.keep');
  });

  test('of another volume of a rotation serves with what the two differ in', () => {
    const base = aBase({
      tags: ['lvmbackup', 'lvmbackup.base=Backup/root-backup.2', `lvmbackup.basetime=${TIME}`],
    });
    const inventory = machine({ base, backup: copied('2026-11-20T00:00:00Z') });
    const group = inventory.groups.get('Backup');
    const holder = { ...aVolume('Backup', 'root-backup.2', 64, copied()), uuid: 'abc-def' };
    if (group) (group.volumes as Map<string, Volume>).set(holder.name, holder);
    expect(copyOf(planOf(inventory))).toMatchObject({
      since: { holder: { volume: 'Backup/root-backup.2', uuid: 'LVM-uuidBackupabcdef', digest: DIGEST } },
      reads: null,
    });
  });

  test('a copy that is not complete is made in full, whatever the base says', () => {
    const cut = copied();
    const tags = cut.tags?.map((tag) => tag.replace('state=complete', 'state=incomplete')) ?? [];
    expect(copyOf(planOf(machine({ backup: { ...cut, tags } })))).toMatchObject({
      mode: 'full',
      since: null,
    });
  });

  test('on a lent device is refused, but not on one that stays', () => {
    const spec = tracked({ snapshot: { lend: '/dev/sdc1' } });
    expect(errorsOf(planOf(machine(), spec))).toEqual(['base-on-lent']);
    expect(errorsOf(planOf(machine(), tracked({ snapshot: { lend: '/dev/sda' } })))).toEqual([]);
    expect(errorsOf(planOf(thinMachine(), spec))).toEqual([]);
    expect(typesOf(planOf(thinMachine(), spec))).not.toContain('group.extend');
  });

  test("in whose place another's volume stands is refused", () => {
    expect(errorsOf(planOf(machine({ base: aBase({ tags: [] }) })))).toEqual(['not-owned']);
    expect(errorsOf(planOf(machine({ base: aBase({ tags: ['lvmbackup'] }) })))).toEqual(['name-taken']);
  });

  test('goes where the file does not ask for it any more', () => {
    const plan = planOf(machine(), aSpec([aVolumeSpec('SSD/root')]));
    expect(typesOf(plan)).toEqual(['snapshot.remove', 'snapshot.create', 'copy', 'snapshot.remove']);
    expect(plan.actions[0]).toMatchObject({ target: 'SSD/root-base' });
    expect(plan.space.find(({ group }) => group === 'SSD')).toMatchObject({
      freeBefore: 171,
      freeAfter: 236,
    });
  });
});

describe('a thin origin', () => {
  test('has no store that could overflow, and no warning says so', () => {
    const plan = planOf(thinMachine(), aSpec([aVolumeSpec('SSD/root')]));
    expect(plan.problems.map(({ code }) => code)).not.toContain('may-overflow');
  });

  test('has a snapshot without a size, which takes nothing of the group', () => {
    const plan = planOf(thinMachine(), aSpec([aVolumeSpec('SSD/root')]));
    expect(words(plan)).toContain(
      'lvcreate -y -s -pr -kn --monitor n -n root-snap --addtag lvmbackup --addtag lvmbackup.run={run} SSD/root',
    );
    expect(plan.space.find(({ group }) => group === 'SSD')).toMatchObject({ freeBefore: 99, freeLowest: 99 });
    expect(copyOf(plan)).toMatchObject({ sourcePool: 'SSD/pool' });
  });

  test.each([
    ['data', { dataPercent: 96 }, { needed: 5, available: 4 }],
    ['metadata', { metadataPercent: 97.5 }, { needed: 1, available: 0 }],
  ])('in a pool whose %s are nearly full: refused', (what, pool, numbers) => {
    const { problems } = planOf(thinMachine({ pool }));
    expect(problems).toMatchObject([
      {
        code: 'insufficient-space',
        ...numbers,
        message: expect.stringContaining(`the ${what} of the pool SSD/pool`),
      },
    ]);
  });

  test('that was inactive, with its pool, is so again; its base sleeps', () => {
    const inventory = thinMachine({ pool: { active: false, dataPercent: null }, root: { active: false } });
    const plan = planOf(inventory);
    expect(words(plan).slice(-5)).toEqual([
      'lvchange -y -ky SSD/root-snap',
      'lvchange -y -an SSD/root-snap',
      'lvrename SSD/root-snap SSD/root-base',
      'lvchange -y -an SSD/root',
      'lvchange -y -an SSD/pool',
    ]);
    const after = simulate(inventory, plan.actions);
    const volumes =
      'inventory' in after ? [...(after.inventory.groups.get('SSD')?.volumes.values() ?? [])] : [];
    expect(volumes.filter(({ active }) => active)).toEqual([]);
    expect(volumes.find(({ name }) => name === 'root')?.roles).toEqual(['public', 'origin', 'thinorigin']);
  });

  test('is read by the difference of its snapshots; how much that is, the pool tells later', () => {
    const base = aBase({ ...THIN, thinId: 2, roles: ['public', 'snapshot', 'thinsnapshot'], active: false });
    expect(copyOf(planOf(thinMachine({ base })))).toMatchObject({
      since: { snapshot: 'SSD/root-base' },
      reads: null,
      writes: null,
    });
  });
});

/** Performs the plan until so many commands were given; the last of them is done, or not. Then the process is dead. */
async function killedAt(inventory: Inventory, plan: Plan, commands: number, late: boolean) {
  const lvm = new SimulatedLvm(inventory);
  const alive = lvm.context();
  let given = 0;
  let after = lvm.inventory();
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    given++;
    if (given > commands + 1 || (given === commands + 1 && !late)) throw new Error('the process is dead');
    const result = await work();
    after = lvm.inventory();
    if (given === commands + 1) throw new Error('the process is dead');
    return result;
  };
  await runPlan(plan, {
    ...alive,
    run: (argv) => step(() => alive.run(argv)),
    copy: (...args) => step(() => alive.copy(...args)),
  });
  return { after, cut: given > commands };
}

const bases = (inventory: Inventory) =>
  [...(inventory.groups.get('SSD')?.volumes.values() ?? [])].filter(
    ({ tags }) => tagValue(tags, 'base') !== null,
  );

test.each([
  ['thick', () => machine()],
  [
    'thin',
    () =>
      thinMachine({
        base: aBase({
          ...THIN,
          roles: ['public', 'snapshot', 'thinsnapshot'],
          active: false,
          skipActivation: true,
        }),
      }),
  ],
])(
  'wherever a run with a %s base is killed, one base is left, and it is tied to the copy or is not used',
  async (_, make) => {
    let points = 0;
    for (const late of [false, true]) {
      for (let commands = 0; ; commands++) {
        const first = await killedAt(make(), planOf(make()), commands, late);
        if (!first.cut) break;
        for (let more = 0; ; more++) {
          const recovery = (inventory: Inventory) => planRecovery({ inventory, clock: CLOCK });
          const second = await killedAt(first.after, recovery(first.after), more, late);
          const last = await killedAt(second.after, recovery(second.after), Number.POSITIVE_INFINITY, false);
          points++;
          expect(recovery(last.after).actions).toEqual([]);
          expect(bases(last.after).map(({ name }) => name)).toEqual(['root-base']);
          const plan = planOf(last.after);
          expect(hasErrors(plan)).toBe(false);
          const [base] = bases(last.after);
          const backup = last.after.groups.get('Backup')?.volumes.get('root-backup');
          const isTied =
            tagValue(backup?.tags ?? [], 'state') === 'complete' &&
            tagValue(backup?.tags ?? [], 'time') === tagValue(base?.tags ?? [], 'basetime');
          expect(copyOf(plan)?.since !== null).toBe(isTied);
          if (!second.cut) break;
        }
      }
    }
    expect(points).toBeGreaterThan(30);
  },
);

test('a copy that fails takes its snapshot with it, and leaves the base', async () => {
  const plan = planOf(machine());
  const lvm = new SimulatedLvm(machine(), { action: 2, command: 2, how: 'fails' });
  await runPlan(plan, lvm.context());
  const volumes = [...(lvm.inventory().groups.get('SSD')?.volumes.keys() ?? [])];
  expect(volumes).toEqual(['root', 'root-base']);
  expect(tagValue(bases(lvm.inventory())[0]?.tags ?? [], 'basetime')).toBe(TIME);
  expect(lvm.commands.map(({ argv }) => argv.join(' '))).toContain('lvremove -y SSD/root-snap');
});

test('a base of which an lvremove was killed is found, and what is left of it goes', () => {
  const inventory = machine({ base: aBase({ origin: null, roles: ['public'] }) });
  const { actions } = planRecovery({ inventory, clock: CLOCK });
  expect(actions).toMatchObject([{ type: 'volume.remove', target: 'SSD/root-base' }]);
});

test('what a snapshot of a thick origin leaves on it follows how many there are', () => {
  const other = aVolume('SSD', 'mine', 1, { origin: 'root', roles: ['public', 'snapshot', 'thicksnapshot'] });
  const inventory = machine({
    base: null,
    more: [other],
    root: { roles: ['public', 'origin', 'thickorigin'] },
  });
  const after = simulate(inventory, planOf(inventory).actions);
  const root = 'inventory' in after ? after.inventory.groups.get('SSD')?.volumes.get('root') : undefined;
  expect(root?.roles).toContain('multithickorigin');
});
