import { describe, expect, test } from 'vitest';
import type { Inventory, Volume } from '../../src/lvm/inventory.ts';
import { OWNED, tag } from '../../src/lvm/tags.ts';
import { UnknownPoint } from '../../src/plan/choose-point.ts';
import { unfinishedRestores } from '../../src/plan/mounted-points.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { planRestore, type RestoreRequest } from '../../src/plan/plan-restore.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { bytesOf, extents } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, EXTENT } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec, CLOCK } from '../helpers/specs.ts';

const SIZE = bytesOf(extents(10), EXTENT);
const DIGEST = 'sha256-256KiB:ab';

function pointTags(
  traits: { id?: string; state?: string; time?: string; verified?: string; source?: string } = {},
) {
  const {
    id = 'uuid-S/uuid-S-root',
    state = 'complete',
    time = '2026-11-23T05:00:00Z',
    source = 'S/root',
  } = traits;
  return [
    ...[OWNED, tag('source', source), tag('sourceid', id), tag('host', 'ab'), tag('size', String(SIZE))],
    ...[tag('state', state), ...(state === 'incomplete' ? [] : [tag('time', time), tag('digest', DIGEST)])],
    ...(traits.verified === undefined ? [] : [tag('verified', traits.verified)]),
  ];
}

function aPoint(name: string, tags = pointTags(), traits: Partial<Volume> = {}): Volume {
  return aVolume('B', name, 10, { tags, active: false, skipActivation: true, ...traits });
}

function aMachine(
  points: readonly Volume[],
  root: Partial<Volume> = {},
  more: readonly Volume[] = [],
): Inventory {
  return anInventory({
    groups: [
      aGroup('S', [{ device: '/dev/vda', extents: 40 }], [aVolume('S', 'root', 10, root), ...more]),
      aGroup('B', [{ device: '/dev/vdb', extents: 100 }], points, { extentSize: EXTENT }),
    ],
    devices: [aDevice('/dev/vdz', SIZE), aDevice('/dev/vdy', SIZE, { mountPoints: ['/srv'] })],
  });
}

function planFor(inventory: Inventory, request: Partial<RestoreRequest> = {}) {
  const asked = { source: 'S/root', point: null, to: null, group: null, ...request };
  return planRestore({ inventory, clock: CLOCK, liveRun: false, saved: false, request: asked });
}

const codes = (plan: { problems: readonly { code: string; severity: string }[] }) =>
  plan.problems.map(({ severity, code }) => `${severity} ${code}`);

describe('onto the source', () => {
  test('one copy of what differs: announced before it, proven before it, and as active as before afterwards', () => {
    const before = aMachine([aPoint('root-backup')]);
    const plan = planFor(before);
    expect(plan).toMatchObject({
      operation: 'restore',
      problems: [],
      restore: { source: 'S/root', point: null },
    });
    expect(plan.actions).toMatchObject([
      { type: 'copy', source: 'B/root-backup', target: 'S/root', mode: 'changed', bytes: SIZE },
    ]);
    expect(plan.actions.flatMap(commandsOf)).toEqual([
      [
        'lvchange',
        '-y',
        '-ay',
        '-K',
        '--config',
        'activation{read_only_volume_list=["B/root-backup"]}',
        'B/root-backup',
      ],
      ['lvmbackup', 'verify', 'B/root-backup'],
      ['lvchange', '--addtag', 'lvmbackup.restoring=2026-11-23T05:00:00Z', 'S/root'],
      ['lvmbackup', 'copy', '/dev/B/root-backup', '/dev/S/root'],
      ['lvchange', '--deltag', 'lvmbackup.restoring=2026-11-23T05:00:00Z', 'S/root'],
      ['lvchange', '-y', '-an', 'B/root-backup'],
    ]);
    const after = simulate(before, plan.actions);
    expect(after).toEqual({ inventory: before });
  });

  test('from a pool: LVM would make that read-only too, so the point itself is told', () => {
    const plan = planFor(aMachine([aPoint('root-backup', pointTags(), { pool: 'p' })]));
    const commands = plan.actions.flatMap(commandsOf).map((argv) => argv.join(' '));
    expect(commands.slice(0, 2)).toEqual([
      'lvchange -y -ay -K B/root-backup',
      'blockdev --setro /dev/B/root-backup',
    ]);
  });

  test('an inactive one is activated for it, and a restore that was cut is taken up again', () => {
    const tags = [tag('restoring', '2026-11-01T00:00:00Z')];
    const plan = planFor(aMachine([aPoint('root-backup')], { active: false, tags }));
    const commands = plan.actions.flatMap(commandsOf).map((argv) => argv.join(' '));
    expect(commands[2]).toBe(
      'lvchange --deltag lvmbackup.restoring=2026-11-01T00:00:00Z --addtag lvmbackup.restoring=2026-11-23T05:00:00Z S/root',
    );
    expect(commands).toContain('lvchange -y -ay -K S/root');
    expect(commands).toContain('lvchange -y -an S/root');
    const after = simulate(aMachine([aPoint('root-backup')], { active: false, tags }), plan.actions);
    expect('inventory' in after && after.inventory.groups.get('S')?.volumes.get('root')).toMatchObject({
      tags: [],
      active: false,
    });
  });

  test.each([
    ['2026-11-23T08:00:00Z:ok', false],
    ['2026-11-22T08:00:00Z:ok', true],
    ['2026-11-23T10:00:00Z:ok', true],
  ])('read and found whole at %s: checked first %s', (verified, checkFirst) => {
    const plan = planFor(aMachine([aPoint('root-backup', pointTags({ verified }))]));
    expect(plan.actions).toMatchObject([{ restore: { checkFirst, digest: DIGEST } }]);
  });

  test('a plan that is saved checks first in any case: nobody knows when it is run', () => {
    const inventory = aMachine([aPoint('root-backup', pointTags({ verified: '2026-11-23T08:00:00Z:ok' }))]);
    const request = { source: 'S/root', point: null, to: null, group: null };
    const plan = planRestore({ inventory, clock: CLOCK, liveRun: false, saved: true, request });
    expect(plan.actions).toMatchObject([{ restore: { checkFirst: true } }]);
  });

  test.each<[string, Partial<Volume>, string]>([
    ['open', { open: true }, 'target-in-use'],
    ['merging', { merging: true }, 'target-in-use'],
    ['read-only', { readOnly: true }, 'target-in-use'],
    ['partial', { health: 'partial' }, 'target-in-use'],
    ['a pool', { layout: ['thin', 'pool'] }, 'name-taken'],
    ['a snapshot', { roles: ['public', 'snapshot'] }, 'name-taken'],
    ['one of ours', { tags: [OWNED] }, 'name-taken'],
  ])('never onto a volume that is %s', (_, traits, code) => {
    const plan = planFor(aMachine([aPoint('root-backup')], traits));
    expect(codes(plan)).toEqual([`error ${code}`]);
    expect(plan.actions).toEqual([]);
  });

  test('a smaller one is refused, and says how much is short', () => {
    const plan = planFor(aMachine([aPoint('root-backup')], { extents: extents(9) }));
    expect(plan.problems).toMatchObject([{ code: 'insufficient-space', needed: 10, available: 9 }]);
  });

  test('snapshots that others took of it are told of, for they may overflow', () => {
    const snapshot = aVolume('S', 'safe', 2, {
      origin: 'root',
      roles: ['public', 'snapshot', 'thicksnapshot'],
    });
    expect(codes(planFor(aMachine([aPoint('root-backup')], {}, [snapshot])))).toEqual([
      'warning may-overflow',
    ]);
  });
});

describe('onto a thin volume', () => {
  const onThin = (pool: Partial<Volume>) => {
    const thin = { layout: ['thin', 'sparse'], pool: 'p', dataPercent: 50 };
    const layout = ['thin', 'pool'];
    const inPool = aVolume('S', 'p', 8, { layout, roles: ['private'], metadataPercent: 5, ...pool });
    return planFor(aMachine([aPoint('root-backup')], thin, [inPool]));
  };

  test('its pool is watched; one without enough room is told of, one that has failed is refused', () => {
    const roomy = onThin({ dataPercent: 10 });
    expect(codes(roomy)).toEqual([]);
    expect(roomy.actions).toMatchObject([{ type: 'copy', pool: 'S/p' }]);
    expect(codes(onThin({ dataPercent: 60 }))).toEqual(['warning may-overflow']);
    expect(codes(onThin({ dataPercent: 97 }))).toEqual(['warning may-overflow']);
    expect(codes(onThin({ health: 'failed', dataPercent: 10 }))).toEqual(['error source-unsupported']);
  });
});

describe('to another place', () => {
  test('a missing volume is made with the recorded size in extents of its own group, and is active then', () => {
    const before = aMachine([aPoint('root-backup')]);
    const groups = new Map(before.groups).set(
      'N',
      aGroup('N', [{ device: '/dev/vdn', extents: 30 }], [], { extentSize: bytesOf(extents(2), EXTENT) }),
    );
    const plan = planFor({ ...before, groups }, { to: 'N/root' });
    expect(plan.actions).toMatchObject([
      { type: 'volume.create', target: 'N/root', extents: 5, bytes: SIZE },
      { type: 'copy', needs: [1], mode: 'full', restore: { target: 'new', checkFirst: false } },
    ]);
    const [create] = plan.actions.map(commandsOf);
    expect(create?.[0]?.join(' ')).toBe(
      'lvcreate -y -an -Wn -Zn -l 5 -n root --addtag lvmbackup.restoring=2026-11-23T05:00:00Z N /dev/vdn',
    );
    const after = simulate({ ...before, groups }, plan.actions);
    expect('inventory' in after && after.inventory.groups.get('N')?.volumes.get('root')).toMatchObject({
      ...{ tags: [], active: true, skipActivation: false, extents: 5 },
    });
  });

  test('no room in the group, no such group', () => {
    const machine = aMachine([aPoint('root-backup')], {}, [aVolume('S', 'full', 25)]);
    expect(codes(planFor(machine, { to: 'S/new' }))).toEqual(['error insufficient-space']);
    expect(codes(planFor(machine, { to: 'X/new' }))).toEqual(['error group-missing']);
    expect(() => planFor(machine, { to: 'S/snapshot1' })).toThrow(UnknownPoint);
    expect(() => planFor(machine, { to: 'S/a/b' })).toThrow(UnknownPoint);
  });

  test('a plain device: not one that is mounted or missing; the point carries the tag that it cannot', () => {
    const machine = aMachine([aPoint('root-backup')]);
    expect(codes(planFor(machine, { to: '/dev/vdy' }))).toEqual(['error target-in-use']);
    expect(codes(planFor(machine, { to: '/dev/vdx' }))).toEqual(['error device-missing']);
    const plan = planFor(machine, { to: '/dev/vdz' });
    const mark = tag('restoring', '/dev/vdz');
    expect(plan.actions.flatMap(commandsOf).slice(1)).toEqual([
      ['lvmbackup', 'verify', 'B/root-backup'],
      ['lvchange', '--addtag', mark, 'B/root-backup'],
      ['lvmbackup', 'copy', '/dev/B/root-backup', '/dev/vdz'],
      ['lvchange', '--deltag', mark, 'B/root-backup'],
      ['lvchange', '-y', '-an', 'B/root-backup'],
    ]);
    expect(simulate(machine, plan.actions)).toEqual({ inventory: machine });
  });

  test('a plain device whose restore was not finished is no source, until a restore of any point is', () => {
    const id = 'part-uuid';
    const tags = [...pointTags({ id, source: '/dev/vdz' }), tag('restoring', id)];
    const older = aPoint('z-backup.2', pointTags({ id, source: '/dev/vdz', time: '2026-11-22T05:00:00Z' }));
    const machine = anInventory({
      groups: [aGroup('B', [{ device: '/dev/vdb', extents: 100 }], [aPoint('z-backup', tags), older])],
      devices: [aDevice('/dev/vdz', SIZE, { partUuid: id })],
    });
    const backup = (inventory: Inventory) =>
      planBackup(anInput(aSpec([aVolumeSpec('/dev/vdz', { backup: 'z-backup' })], { name: 'B' }), inventory));
    expect(codes(backup(machine))).toContain('error source-restoring');
    expect(backup(machine).problems[0]?.hint).toContain(
      `lvchange --deltag ${tag('restoring', id)} B/z-backup`,
    );
    const plan = planFor(machine, { source: '/dev/vdz', point: '2026-11-22T05:00:00Z' });
    const after = simulate(machine, plan.actions);
    if ('fault' in after) throw new Error(JSON.stringify(after.fault));
    expect(unfinishedRestores(machine)).toEqual(['/dev/vdz']);
    expect(unfinishedRestores(after.inventory)).toEqual([]);
    expect(codes(backup(after.inventory))).not.toContain('error source-restoring');
  });
});

describe('which point', () => {
  const older = aPoint('root-backup.2', pointTags({ time: '2026-11-22T05:00:00Z' }));
  const torn = aPoint('root-backup', pointTags({ state: 'incomplete' }));
  const chosen = (plan: ReturnType<typeof planFor>) =>
    plan.actions.map((one) => 'source' in one && one.source);

  test('the newest complete one, whatever else there is', () => {
    const damaged = aPoint('root-backup.3', pointTags({ state: 'damaged', time: '2026-11-23T06:00:00Z' }));
    expect(chosen(planFor(aMachine([torn, older, damaged])))).toEqual(['B/root-backup.2']);
  });

  test('by its time in either spelling, or by its volume', () => {
    const newer = aPoint('root-backup');
    for (const point of ['2026-11-22T05:00:00Z', '20261122T050000Z', 'B/root-backup.2']) {
      expect(chosen(planFor(aMachine([newer, older]), { point }))).toEqual(['B/root-backup.2']);
    }
  });

  test('one that is not complete only where it is named, with a word of warning and without a digest to hold it to', () => {
    const machine = aMachine([torn]);
    expect(codes(planFor(machine))).toEqual(['error point-incomplete']);
    const plan = planFor(machine, { point: 'B/root-backup' });
    expect(codes(plan)).toEqual(['warning point-incomplete']);
    expect(plan.actions).toMatchObject([
      { restore: { digest: null, checkFirst: false, point: 'B/root-backup' } },
    ]);
    const damaged = aMachine([aPoint('root-backup', pointTags({ state: 'damaged' }))]);
    expect(codes(planFor(damaged))).toEqual(['error point-damaged']);
    expect(codes(planFor(damaged, { point: '2026-11-23T05:00:00Z' }))).toEqual(['warning point-damaged']);
  });

  test('an unknown source or point is a slip of the command line', () => {
    const machine = aMachine([older]);
    expect(() => planFor(machine, { source: 'S/rot' })).toThrow(/no restore point of S\/rot/);
    expect(() => planFor(machine, { point: '2026-11-21T05:00:00Z' })).toThrow(/no restore point 2026/);
    expect(() => planFor(machine, { point: 'yesterday' })).toThrow(/no restore point yesterday/);
    expect(() => planFor(machine, { group: 'S' })).toThrow(/in S/);
  });

  test('a name that was several volumes: the one that is here is meant, else it has to be said', () => {
    const other = aPoint('other', pointTags({ id: 'x/y', time: '2026-11-23T07:00:00Z' }));
    expect(chosen(planFor(aMachine([older, other])))).toEqual(['B/root-backup.2']);
    const away = aMachine([older, other], { uuid: 'made anew' });
    expect(() => planFor(away)).toThrow(/several volumes/);
    expect(chosen(planFor(away, { point: 'B/other' }))).toEqual(['B/other']);
  });

  test('nothing is deactivated that others have open, and a pool only where nobody else has it', () => {
    const active = aMachine([aPoint('root-backup', pointTags(), { active: true, open: true })]);
    expect(
      planFor(active)
        .actions.flatMap(commandsOf)
        .map((argv) => argv.join(' ')),
    ).not.toContain('lvchange -y -an B/root-backup');
    const pool = aVolume('B', 'points', 20, { layout: ['thin', 'pool'], active: false });
    const thin = aPoint('root-backup.20261123T050000Z', pointTags(), {
      pool: 'points',
      layout: ['thin', 'sparse'],
    });
    const commands = planFor(aMachine([pool, thin])).actions.flatMap(commandsOf);
    expect(commands.at(-1)).toEqual(['lvchange', '-y', '-an', 'B/points']);
  });
});
