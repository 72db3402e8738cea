/** Runs that are cut anywhere, on the simulated LVM: what they leave is found and put right, and then all is well. */
import { describe, expect, test } from 'vitest';
import { runPlan } from '../../src/apply/run-plan.ts';
import type { Group, Inventory, Volume } from '../../src/lvm/inventory.ts';
import { tagValue, tagValues } from '../../src/lvm/tags.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup, planRecovery } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { extents } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aProbe, aPv, aVolume, diskOf } from '../helpers/machine.ts';
import { SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { anInput, aSpec, aVolumeSpec, CLOCK } from '../helpers/specs.ts';

const LENT = 'LvmBkp-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa';
const RUN = ['lvmbackup', 'lvmbackup.run=20261122T000000Z'];

/** A full group, a device that was lent to it, a snapshot on that: what a run leaves that is killed in its copy. */
function killed(traits: { lostDevice?: boolean; stranger?: boolean; plain?: boolean } = {}): Inventory {
  const snapshot = aVolume('SSD', 'root-snap', 65, {
    tags: RUN,
    ...(traits.plain ? {} : { origin: 'root', roles: ['public', 'snapshot', 'thicksnapshot'] }),
    allocation: [{ pv: LENT, extents: extents(65) }],
  });
  const pvs = [
    aPv('/dev/sda2', 64, 0),
    aPv('/dev/sdb1', 100, 35, { uuid: LENT, ...(traits.lostDevice ? { device: null } : {}) }),
    ...(traits.stranger ? [aPv('/dev/sdx', 10, 10, { uuid: 'stranger', device: null })] : []),
  ];
  const origin = aVolume('SSD', 'root', 64, { roles: ['public', 'origin', 'thickorigin'] });
  const ssd = aGroup('SSD', [{ device: '/dev/sda2', extents: 64 }], [origin, snapshot], {
    pvs: new Map(pvs.map((pv) => [pv.uuid, pv])),
    tags: [`lvmbackup.lent=${LENT}`, `lvmbackup.made=${LENT}`],
    unusable: traits.lostDevice || traits.stranger ? 'partial' : null,
  });
  const lent = aDevice('/dev/sdb1', diskOf(100), { children: ['/dev/mapper/SSD-root--snap'] });
  return anInventory({
    groups: [ssd, aGroup('Backup', [{ device: '/dev/sdc1', extents: 100 }])],
    devices: [
      aDevice('/dev/sda2', diskOf(64)),
      aDevice('/dev/sdc1', diskOf(100)),
      ...(traits.lostDevice ? [] : [lent]),
    ],
    probes: [
      aProbe('/dev/sdb1', { signature: 'LVM2_member', signatures: ['LVM2_member'], exclusive: false }),
    ],
  });
}

/** The same where LVM did not activate the origin. */
function asleep(inventory: Inventory): Inventory {
  const group = inventory.groups.get('SSD');
  const origin = group?.volumes.get('root');
  if (group && origin)
    (group.volumes as Map<string, typeof origin>).set('root', { ...origin, active: false });
  return inventory;
}

const words = (inventory: Inventory) =>
  planRecovery({ inventory, clock: CLOCK }).actions.flatMap((action) =>
    commandsOf(action).map((argv) => argv.join(' ')),
  );

describe('what a killed run left', () => {
  test('a label that no group lists goes by force: vgextend may have been killed in the middle', () => {
    const ssd = aGroup('SSD', [{ device: '/dev/sda2', extents: 64 }], [], {
      tags: [`lvmbackup.lent=${LENT}`, `lvmbackup.made=${LENT}`],
    });
    const commands = words(
      anInventory({
        groups: [ssd],
        orphans: [aPv('/dev/sdb1', 100, 100, { uuid: LENT })],
        devices: [aDevice('/dev/sda2', diskOf(64)), aDevice('/dev/sdb1', diskOf(100))],
        probes: [aProbe('/dev/sdb1', { signature: 'LVM2_member', signatures: ['LVM2_member'] })],
      }),
    );
    expect(commands).toContain('pvremove -y --force --force /dev/sdb1');
    expect(commands.some((line) => line.startsWith('vgreduce'))).toBe(false);
  });

  test('the snapshot goes, then the device is given back and blank', () => {
    const commands = words(killed());
    expect(commands.slice(0, 2)).toEqual(['lvremove -y SSD/root-snap', 'vgreduce SSD /dev/sdb1']);
    expect(commands).toContain('pvremove -y /dev/sdb1');
    expect(commands.at(-1)).toBe(
      `vgchange --deltag lvmbackup.lent=${LENT} --deltag lvmbackup.made=${LENT} SSD`,
    );
  });

  test('a plain volume of an lvcreate that was killed is found by its tag', () => {
    const plan = planRecovery({ inventory: killed({ plain: true }), clock: CLOCK });
    expect(plan.actions.map(({ type }) => type)).toEqual(['volume.remove', 'group.reduce']);
  });

  test('what the kernel has of one that was a snapshot goes before LVM forgets the volume', () => {
    expect(words(killed({ plain: true })).slice(0, 3)).toEqual([
      'lvchange -y -an SSD/root-snap',
      'dmsetup remove --retry SSD-root--snap-cow',
      'lvremove -y SSD/root-snap',
    ]);
  });

  test('volumes that a killed LVM left suspended go on before all else, the former snapshot first', () => {
    const inventory = killed({ plain: true });
    const volumes = inventory.groups.get('SSD')?.volumes as Map<string, Volume>;
    for (const [name, volume] of volumes) volumes.set(name, { ...volume, unsettled: true });
    expect(words(inventory).slice(0, 4)).toEqual([
      'lvchange --refresh SSD/root-snap',
      'lvchange --refresh SSD/root-snap',
      'lvchange --refresh SSD/root',
      'lvchange --refresh SSD/root',
    ]);
  });

  test('the lent device is gone: partial mode, no force, the origin is activated again', () => {
    expect(words(asleep(killed({ lostDevice: true })))).toEqual([
      'lvremove -y --config activation{activation_mode="partial"} SSD/root-snap',
      'lvchange -y -ay SSD/root',
      'vgreduce --removemissing SSD',
      `vgchange --deltag lvmbackup.lent=${LENT} --deltag lvmbackup.made=${LENT} SSD`,
    ]);
  });

  test('that recovery is cut after the snapshot is gone: the next one activates the origin all the same', () => {
    const inventory = asleep(killed({ lostDevice: true }));
    const volumes = inventory.groups.get('SSD')?.volumes as Map<string, unknown> | undefined;
    volumes?.delete('root-snap');
    expect(words(inventory)).toEqual([
      'lvchange -y -ay SSD/root',
      'vgreduce --removemissing SSD',
      `vgchange --deltag lvmbackup.lent=${LENT} --deltag lvmbackup.made=${LENT} SSD`,
    ]);
  });

  test('the device was gone at boot and is back: the origin is activated before the snapshot is removed', () => {
    expect(words(asleep(killed())).slice(0, 2)).toEqual([
      'lvchange -y -ay SSD/root',
      'lvremove -y SSD/root-snap',
    ]);
  });

  test('copies that it left active are deactivated: complete ones too, and those of plain devices', () => {
    const left = killed();
    const copy = (name: string, source: string, state: string, traits = {}) =>
      aVolume('Backup', name, 10, {
        tags: [
          ...['lvmbackup', `lvmbackup.source=${source}`, `lvmbackup.sourceid=id-${name}`],
          ...['lvmbackup.host=0123456789ab', 'lvmbackup.size=4096', `lvmbackup.state=${state}`],
        ],
        ...traits,
      });
    const group = aGroup(
      'Backup',
      [{ device: '/dev/sdc1', extents: 100 }],
      [
        copy('root-backup', 'SSD/root', 'complete'),
        copy('boot-backup', '/dev/sda1', 'incomplete'),
        copy('seen-backup', '/dev/sda3', 'complete'),
        copy('open-backup', '/dev/sda4', 'incomplete', { open: true }),
        copy('idle-backup', '/dev/sda5', 'incomplete', { active: false }),
      ],
    );
    const inventory = { ...left, groups: new Map([...left.groups, ['Backup', group]]) };
    expect(words(inventory).filter((line) => line.startsWith('lvchange'))).toEqual([
      'lvchange -y -an Backup/root-backup',
      'lvchange -y -an Backup/boot-backup',
    ]);
  });

  test('a device that is back, and that LVM calls missing still: the hint is what takes it back', () => {
    const inventory = killed({ stranger: true });
    const group = inventory.groups.get('SSD');
    const pvs = new Map(
      [...(group?.pvs ?? [])].map(([uuid, pv]) => [
        uuid,
        uuid === 'stranger' ? { ...pv, calledMissing: '/dev/sdx' } : pv,
      ]),
    );
    const back = { ...inventory, groups: new Map([['SSD', { ...(group as Group), pvs }]]) };
    for (const plan of [
      planRecovery({ inventory: back, clock: CLOCK }),
      planBackup(anInput(aSpec([aVolumeSpec('SSD/root')]), back)),
    ]) {
      expect(plan.problems.map(({ code }) => code)).toContain('group-unusable');
      for (const { hint } of plan.problems.filter(({ code }) => code === 'group-unusable'))
        expect(hint).toContain('vgextend --restoremissing SSD /dev/sdx');
    }
  });

  test('a part of a pool that an LVM command left active when it was killed', () => {
    const machine = (tags: readonly string[], parts: Partial<Volume>, pool: Partial<Volume> = {}) => {
      const part = (name: string) =>
        aVolume('Backup', name, 4, { hidden: true, roles: ['private', 'thin', 'pool'], ...parts });
      const thin = aVolume('Backup', 'points', 40, {
        ...{ roles: ['private'], layout: ['thin', 'pool'], tags: [...tags], active: false, ...pool },
      });
      const volumes = [part('points_tdata'), part('points_tmeta'), thin];
      return anInventory({ groups: [aGroup('Backup', [{ device: '/dev/sdc1', extents: 100 }], volumes)] });
    };
    const alone = { active: true, open: false };
    expect(words(machine(['lvmbackup'], alone))).toEqual([
      'lvchange -y -an Backup/points_tmeta',
      'lvchange -y -an Backup/points_tdata',
    ]);
    const found = machine(['lvmbackup'], { ...alone, readOnly: true });
    const after = simulate(found, planRecovery({ inventory: found, clock: CLOCK }).actions);
    const parts = 'inventory' in after ? after.inventory.groups.get('Backup')?.volumes : undefined;
    expect(parts?.get('points_tmeta')).toMatchObject({ active: false, readOnly: false });
    expect(words(machine([], alone)), 'not ours').toEqual([]);
    expect(words(machine(['lvmbackup'], { ...alone, open: true })), 'in use').toEqual([]);
    expect(words(machine(['lvmbackup'], alone, { active: true })), 'with its pool').toEqual([]);
  });

  test('another device is missing too: refused, and nothing is reduced', () => {
    for (const lostDevice of [true, false]) {
      const plan = planRecovery({ inventory: killed({ lostDevice, stranger: true }), clock: CLOCK });
      expect(plan.actions).toEqual([]);
      expect(plan.problems).toMatchObject([{ code: 'group-unusable', severity: 'error' }]);
    }
  });

  test('a disk that comes back later is told that it is out, and only one of ours is wiped', () => {
    const clean = anInventory({
      groups: [aGroup('SSD', [{ device: '/dev/sda2', extents: 64 }])],
      devices: [aDevice('/dev/sdb1', diskOf(10))],
    });
    const back = (uuid: string) => ({ ...clean, outdated: [{ device: '/dev/sdb1', group: 'SSD', uuid }] });
    // Its tags went with the first recovery: should this one be cut, they alone tell of the disk again.
    expect(words(back(LENT)).slice(0, 2)).toEqual([
      `vgchange --addtag lvmbackup.lent=${LENT} --addtag lvmbackup.made=${LENT} SSD`,
      'vgck --updatemetadata SSD',
    ]);
    expect(words(back(LENT)).at(-1)).toBe(
      `vgchange --deltag lvmbackup.lent=${LENT} --deltag lvmbackup.made=${LENT} SSD`,
    );
    expect(words(back(LENT))).toContain('pvremove -y /dev/sdb1');
    expect(words(back('someone-elses'))).toEqual([]);
  });

  test('nothing is left where nothing is tagged, whatever its name', () => {
    const named = aGroup(
      'SSD',
      [{ device: '/dev/sda2', extents: 64 }],
      [aVolume('SSD', 'root-snap', 10, { origin: 'root' })],
    );
    expect(words(anInventory({ groups: [named] }))).toEqual([]);
  });
});

describe('a recovery that was cut between the removal of a snapshot and the activation of its origin', () => {
  const copy = aVolume('Backup', 'root-backup', 64, {
    active: false,
    tags: [
      ...['lvmbackup', 'lvmbackup.source=SSD/root', 'lvmbackup.sourceid=uuid-SSD/uuid-SSD-root'],
      'lvmbackup.state=incomplete',
    ],
  });

  /** The device is back, the snapshot gone, the origin asleep. */
  function cut(root: Partial<Volume>, withCopy = true): Inventory {
    const inventory = killed();
    const volumesOf = (name: string) => inventory.groups.get(name)?.volumes as Map<string, Volume>;
    const origin = volumesOf('SSD').get('root') as Volume;
    volumesOf('SSD').set('root', { ...origin, ...root });
    volumesOf('SSD').delete('root-snap');
    if (withCopy) volumesOf('Backup').set('root-backup', copy);
    return inventory;
  }

  test('activates it, before the tags go', () => {
    const commands = words(cut({ active: false }));
    expect(commands[0]).toBe('lvchange -y -ay SSD/root');
    expect(commands.at(-1)).toMatch(/^vgchange --deltag/);
  });

  test.each([
    ['what is active', cut({ active: true })],
    ['what a boot does not activate', cut({ active: false, skipActivation: true })],
    ['what was never backed up', cut({ active: false }, false)],
  ])('leaves %s as it is', (_, inventory) => {
    expect(words(inventory).filter((one) => one.startsWith('lvchange'))).toEqual([]);
  });
});

describe('before a backup', () => {
  const spec = aSpec([aVolumeSpec('SSD/root', { snapshot: { lend: '/dev/sdb1' } })]);

  test('it comes first, and the rest is planned on what it leaves', () => {
    const plan = planBackup(anInput(spec, killed()));
    expect(plan.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(plan.actions.map(({ type }) => type)).toEqual([
      ...['snapshot.remove', 'group.reduce', 'group.extend', 'volume.create'],
      ...['snapshot.create', 'copy', 'snapshot.remove', 'group.reduce'],
    ]);
    expect(plan.actions.filter(({ recovers }) => recovers)).toHaveLength(2);
  });

  test('but not while the run is alive', () => {
    const plan = planBackup({ ...anInput(spec, killed()), liveRun: true });
    expect(plan.actions.some(({ recovers }) => recovers)).toBe(false);
    expect(hasErrors(plan)).toBe(true);
  });
});

/** Performs the plan until so many commands were given; the last of them is done, or not. Then the process is dead. */
async function killedAt(inventory: Inventory, plan: Plan, commands: number, late: boolean) {
  const lvm = new SimulatedLvm(inventory);
  const alive = lvm.context();
  let given = 0;
  let after = lvm.inventory();
  const dead = () => Promise.reject(new Error('the process is dead'));
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    given++;
    if (given > commands + 1 || (given === commands + 1 && !late)) return dead();
    const result = await work();
    after = lvm.inventory();
    return given === commands + 1 ? dead() : result;
  };
  await runPlan(plan, {
    ...alive,
    run: (argv) => step(() => alive.run(argv)),
    copy: (...args) => step(() => alive.copy(...args)),
  });
  return { after, cut: given > commands };
}

function leftIn(inventory: Inventory): string[] {
  return [...inventory.groups.values()].flatMap(({ name, tags, volumes }) => [
    ...[...tagValues(tags, 'lent'), ...tagValues(tags, 'made')].map((uuid) => `${name} ${uuid}`),
    ...[...volumes.values()]
      .filter((one) => tagValue(one.tags, 'run') !== null)
      .map((one) => `${name}/${one.name}`),
  ]);
}

test('wherever a run is killed, and its recovery too, recovering again leaves nothing, and the next run succeeds', async () => {
  const machine = () =>
    anInventory({
      groups: [
        aGroup(
          'SSD',
          [{ device: '/dev/sda2', extents: 96 }],
          [aVolume('SSD', 'root', 64), aVolume('SSD', 'home', 32)],
        ),
        aGroup('Backup', [{ device: '/dev/sdc1', extents: 200 }]),
      ],
      devices: ['/dev/sda2', '/dev/sdb1', '/dev/sdc1'].map((path) => aDevice(path, diskOf(200))),
    });
  const lend = { snapshot: { lend: '/dev/sdb1' } };
  const spec = aSpec([aVolumeSpec('SSD/root', lend), aVolumeSpec('SSD/home', lend)]);
  const recovery = (inventory: Inventory) => planRecovery({ inventory, clock: CLOCK });
  let points = 0;
  for (const late of [false, true]) {
    for (let commands = 0; ; commands++) {
      const first = await killedAt(machine(), planBackup(anInput(spec, machine())), commands, late);
      if (!first.cut) break;
      for (let more = 0; ; more++) {
        const second = await killedAt(first.after, recovery(first.after), more, late);
        const last = await killedAt(second.after, recovery(second.after), Number.POSITIVE_INFINITY, false);
        points++;
        expect(leftIn(last.after)).toEqual([]);
        expect([...last.after.orphans.keys()]).toEqual([]);
        expect(last.after.groups.get('SSD')?.pvs.size).toBe(1);
        const plan = planBackup(anInput(spec, last.after));
        expect(hasErrors(plan)).toBe(false);
        const whole = await killedAt(last.after, plan, Number.POSITIVE_INFINITY, false);
        expect(leftIn(whole.after)).toEqual([]);
        const backups = [...(whole.after.groups.get('Backup')?.volumes.values() ?? [])];
        expect(backups.map(({ tags }) => tagValue(tags, 'state'))).toEqual(['complete', 'complete']);
        if (!second.cut) break;
      }
    }
  }
  expect(points).toBeGreaterThan(150);
});

test('a metadata snapshot that a dead run reserved is released, the tag goes last; an inactive pool is so again', () => {
  const HELD = 'lvmbackup.held=43';
  const pool = { layout: ['thin', 'pool'], roles: ['private'] };
  const group = aGroup(
    'SSD',
    [{ device: '/dev/sda2', extents: 100 }],
    [
      aVolume('SSD', 'active', 40, { ...pool, tags: [HELD] }),
      aVolume('SSD', 'asleep', 40, { ...pool, tags: ['mine', HELD], active: false }),
      aVolume('SSD', 'other', 4, { ...pool }),
    ],
  );
  const inventory = anInventory({ groups: [group] });
  expect(words(inventory)).toEqual([
    'dmsetup message SSD-active-tpool 0 release_metadata_snap',
    `lvchange --deltag ${HELD} SSD/active`,
    'lvchange -y -ay SSD/asleep',
    'dmsetup message SSD-asleep-tpool 0 release_metadata_snap',
    `lvchange --deltag ${HELD} SSD/asleep`,
    'lvchange -y -an SSD/asleep',
  ]);
  const after = simulate(inventory, planRecovery({ inventory, clock: CLOCK }).actions);
  expect('inventory' in after && after.inventory.groups.get('SSD')?.volumes.get('asleep')?.tags).toEqual([
    'mine',
  ]);
  expect('inventory' in after && planRecovery({ inventory: after.inventory, clock: CLOCK }).actions).toEqual(
    [],
  );
});

test('a point that is half made goes, and is made again: its head is the only place that holds that state', () => {
  const time = '2026-11-22T00:00:00Z';
  const name = 'root-backup.20261122T000000Z';
  const source = [
    'lvmbackup',
    'lvmbackup.source=SSD/root',
    'lvmbackup.sourceid=a/b',
    'lvmbackup.size=4194304',
  ];
  const state = ['lvmbackup.state=complete', `lvmbackup.time=${time}`, 'lvmbackup.digest=sha256-256KiB:ab'];
  const thin = { pool: 'points', layout: ['thin', 'sparse'], active: false };
  const group = aGroup(
    'Backup',
    [{ device: '/dev/sdc1', extents: 100 }],
    [
      aVolume('Backup', 'points', 40, { layout: ['thin', 'pool'], roles: ['private'], tags: ['lvmbackup'] }),
      aVolume('Backup', 'root-backup', 1, { ...thin, tags: [...source, ...state] }),
      aVolume('Backup', name, 1, { ...thin, origin: 'root-backup', tags: [...source, RUN[1] ?? ''] }),
    ],
  );
  const { actions } = planRecovery({ inventory: anInventory({ groups: [group] }), clock: CLOCK });
  expect(actions.map(({ type, target }) => [type, target])).toEqual([
    ['point.remove', `Backup/${name}`],
    ['point.create', `Backup/${name}`],
  ]);
});
