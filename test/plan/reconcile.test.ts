import { describe, expect, test } from 'vitest';
import type { Inventory, PvUuid, Volume } from '../../src/lvm/inventory.ts';
import type { Action } from '../../src/plan/action.ts';
import { planBackup, UnknownSources } from '../../src/plan/plan-backup.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import type { Spec } from '../../src/spec/spec.ts';
import { bytes, MiB, seconds } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aProbe, aPv, aVolume, diskOf } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec, countOf, percentOfFree, percentOfOrigin } from '../helpers/specs.ts';

const backupTags = (source: string, more: readonly string[] = []) => [
  'lvmbackup',
  `lvmbackup.source=${source}`,
  `lvmbackup.sourceid=uuid-SSD/uuid-SSD-${source.slice(4)}`,
  ...more,
];

/** A source group with room for a snapshot, and a backup group that is there. */
function machine(
  options: { root?: Partial<Volume>; backups?: readonly Volume[]; free?: number } = {},
): Inventory {
  return anInventory({
    groups: [
      aGroup(
        'SSD',
        [{ device: '/dev/sda', extents: 64 + (options.free ?? 100) }],
        [aVolume('SSD', 'root', 64, options.root ?? {})],
      ),
      aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }], options.backups ?? []),
    ],
    devices: [aDevice('/dev/sda', 1), aDevice('/dev/sdb', 1), aDevice('/dev/sdc1', diskOf(100))],
  });
}

const rootOnly = aSpec([aVolumeSpec('SSD/root')]);

function planOf(spec: Spec, inventory: Inventory, traits = {}) {
  const plan = planBackup(anInput(spec, inventory, traits));
  return {
    ...plan,
    types: plan.actions.map(({ type }) => type),
    errors: plan.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    warnings: plan.problems.filter(({ severity }) => severity === 'warning').map(({ code }) => code),
  };
}

describe('the backup volume', () => {
  test('missing: it is created', () => {
    expect(planOf(rootOnly, machine()).types).toEqual([
      'volume.create',
      'snapshot.create',
      'copy',
      'snapshot.remove',
    ]);
  });

  test('present and ours: it is copied over, and its old tags go in one change', () => {
    const digest = 'sha256-256KiB:ab';
    const old = [
      'lvmbackup.state=complete',
      'lvmbackup.time=2026-11-20T00:00:00Z',
      `lvmbackup.digest=${digest}`,
    ];
    const present = aVolume('Backup', 'root-backup', 64, {
      tags: backupTags('SSD/root', old),
      active: false,
    });
    const plan = planOf(rootOnly, machine({ backups: [present] }));
    expect(plan.types).toEqual(['snapshot.create', 'copy', 'snapshot.remove']);
    expect(plan.actions[1]).toMatchObject({
      dropTags: expect.arrayContaining(old),
      ...{ mode: 'changed', lastDigest: digest },
      reason: 'the copy is due for a refresh; only what changed is written',
    });
  });

  test.each([
    ['incomplete', ['lvmbackup.state=incomplete', 'lvmbackup.digest=sha256-256KiB:ab']],
    ['damaged', ['lvmbackup.state=damaged', 'lvmbackup.digest=sha256-256KiB:ab']],
    ['complete without a digest', ['lvmbackup.state=complete']],
  ])('%s: it is copied in full', (_, tags) => {
    const present = aVolume('Backup', 'root-backup', 64, {
      tags: backupTags('SSD/root', tags),
      active: false,
    });
    const plan = planOf(rootOnly, machine({ backups: [present] }));
    expect(plan.actions[1]).toMatchObject({ type: 'copy', mode: 'full', lastDigest: null });
  });

  test('verify, limit and onReadError go with the copy, and into its words', () => {
    const [volume] = rootOnly.volumes;
    const strict = { verify: 'full', limit: { rate: bytes(50 * 2 ** 20) }, onReadError: 'skip' } as const;
    const spec = { ...rootOnly, volumes: volume ? [{ ...volume, ...strict }] : [] };
    const copy = planOf(spec, machine()).actions.find(({ type }) => type === 'copy');
    expect(copy).toMatchObject({ verify: 'full', rate: 50 * 2 ** 20, onReadError: 'skip' });
    expect(
      copy &&
        commandsOf(copy)
          .find(([program]) => program === 'lvmbackup')
          ?.slice(4),
    ).toEqual([...['--verify', 'full', '--rate', '51200KiB/s', '--on-read-error', 'skip']]);
  });

  test('a tag that stays is neither dropped nor added: LVM would remove it', () => {
    const tags = backupTags('SSD/root', ['lvmbackup.state=complete', 'lvmbackup.size=1']);
    const present = aVolume('Backup', 'root-backup', 64, { tags, active: false });
    const copy = planOf(rootOnly, machine({ backups: [present] })).actions[1];
    const [, first = []] = copy ? commandsOf(copy) : [];
    const of = (option: string) => first.filter((_, index) => first[index - 1] === option);
    expect(of('--deltag').filter((tag) => of('--addtag').includes(tag))).toEqual([]);
    expect(of('--deltag')).toEqual(['lvmbackup.state=complete', 'lvmbackup.size=1']);
    expect(of('--addtag')).toContain('lvmbackup.state=incomplete');
  });

  test('tags that all stay are changed by no command: LVM takes no empty change', () => {
    const first = planOf(rootOnly, machine({ backups: [] }));
    const made = first.actions.find(({ type }) => type === 'volume.create');
    const tags =
      commandsOf(made as Action)[0]?.filter((_, index, argv) => argv[index - 1] === '--addtag') ?? [];
    const present = aVolume('Backup', 'root-backup', 64, { tags, active: false });
    const copy = planOf(rootOnly, machine({ backups: [present] })).actions[1];
    expect(commandsOf(copy as Action).slice(0, 2)).toEqual([
      ['vgchange', '-y', '--setautoactivation', 'n', 'Backup'],
      ['lvchange', '-y', '-ay', '-K', 'Backup/root-backup'],
    ]);
  });

  test('too small, for the source has grown: it is extended where it lies', () => {
    const present = aVolume('Backup', 'root-backup', 40, {
      tags: backupTags('SSD/root'),
      active: false,
    });
    const plan = planOf(rootOnly, machine({ backups: [present] }));
    expect(plan.actions[0]).toMatchObject({
      type: 'volume.extend',
      extents: 24,
      newBytes: 256 * MiB,
      placement: { devices: ['/dev/sdb'] },
    });
  });

  test.each([
    ['without the tag', aVolume('Backup', 'root-backup', 64), 'not-owned'],
    [
      'of another source',
      aVolume('Backup', 'root-backup', 64, { tags: backupTags('SSD/home'), active: false }),
      'other-source',
    ],
    [
      'open',
      aVolume('Backup', 'root-backup', 64, { tags: backupTags('SSD/root'), open: true }),
      'target-in-use',
    ],
    ['a leftover', aVolume('Backup', 'root-backup', 64, { tags: ['lvmbackup'] }), 'name-taken'],
  ])('%s: refused, and nothing is planned for it', (_, present, code) => {
    const plan = planOf(rootOnly, machine({ backups: [present] }));
    expect(plan.errors).toEqual([code]);
    expect(plan.types).toEqual([]);
  });

  test('younger than refreshAfter: nothing is due; a time that lies ahead proves nothing', () => {
    const spec = aSpec([aVolumeSpec('SSD/root', { refreshAfter: seconds(3600) })]);
    const aged = (time: string) =>
      planOf(
        spec,
        machine({
          backups: [
            aVolume('Backup', 'root-backup', 64, {
              tags: backupTags('SSD/root', ['lvmbackup.state=complete', `lvmbackup.time=${time}`]),
            }),
          ],
        }),
      );
    expect(aged('2026-11-23T09:00:00Z')).toMatchObject({ types: [], skipped: [{ source: 'SSD/root' }] });
    expect(aged('2026-11-23T08:00:00Z').types).toContain('copy');
    expect(aged('2026-11-23T10:00:00Z').types).toContain('copy');
  });
});

describe('the backup group', () => {
  const bare = anInventory({
    groups: [aGroup('SSD', [{ device: '/dev/sda', extents: 200 }], [aVolume('SSD', 'root', 64)])],
    devices: [aDevice('/dev/sda', 1), aDevice('/dev/sdb', diskOf(100))],
  });

  test('missing and no device named: group-missing', () => {
    expect(planOf(rootOnly, bare).errors).toEqual(['group-missing']);
  });

  test('missing with whenMissing skip: nothing to do, said so', () => {
    const spec = aSpec([aVolumeSpec('SSD/root')], { devices: ['/dev/sdz'], whenMissing: 'skip' });
    const plan = planOf(spec, bare);
    expect(plan).toMatchObject({ types: [], errors: [] });
    expect(plan.skipped[0]?.reason).toContain('/dev/sdz is not there');
  });

  test('missing, its devices blank: created', () => {
    expect(planOf(aSpec([aVolumeSpec('SSD/root')], { devices: ['/dev/sdb'] }), bare).types[0]).toBe(
      'group.create',
    );
  });

  test('lacking a listed device: extended for good', () => {
    const plan = planOf(aSpec([aVolumeSpec('SSD/root')], { devices: ['/dev/sdb', '/dev/sdc1'] }), machine());
    expect(plan.actions[0]).toMatchObject({ type: 'group.extend', purpose: 'grow', device: '/dev/sdc1' });
    expect(plan.types).not.toContain('group.reduce');
  });

  test.each(['partial', 'exported', 'shared', 'foreign', 'duplicate'] as const)('%s: refused', (unusable) => {
    const inventory = anInventory({
      groups: [
        aGroup('SSD', [{ device: '/dev/sda', extents: 200 }], [aVolume('SSD', 'root', 64)]),
        aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }], [], { unusable }),
      ],
    });
    expect(planOf(rootOnly, inventory).errors).toEqual(['group-unusable']);
  });
});

describe('the lent device', () => {
  const lending = aSpec([aVolumeSpec('SSD/root', { snapshot: { lend: '/dev/sdc1' } })]);
  const withDevice = (traits: Parameters<typeof anInventory>[0]) => {
    const base = machine({ free: 0 });
    return anInventory({
      groups: [...base.groups.values()],
      devices: [aDevice('/dev/sda', 1), aDevice('/dev/sdb', 1), aDevice('/dev/sdc1', diskOf(100))],
      ...traits,
    });
  };

  test('blank: a PV is made of it, and it is blank again afterwards', () => {
    const plan = planOf(lending, withDevice({}));
    expect(plan.errors).toEqual([]);
    expect(plan.actions[0]).toMatchObject({ type: 'group.extend', extents: 100, pv: { make: true } });
    expect(plan.actions.at(-1)).toMatchObject({ type: 'group.reduce', closes: 1 });
    expect(plan.warnings).toContain('boot-risk');
  });

  test('an orphan PV: it stays one', () => {
    const plan = planOf(
      lending,
      withDevice({ orphans: [aPv('/dev/sdc1', 0, 0, { deviceSize: bytes(diskOf(100)) })] }),
    );
    expect(plan.actions[0]).toMatchObject({ type: 'group.extend', extents: 100, pv: { make: false } });
  });

  test.each([
    ['LvmBkp-Kept-nDSy-sw1H-Jh0l-72UJ-t4jwuY', 'vgcfgrestore(8) may bring it back'],
    ['nDSyqq-Lent-nDSy-sw1H-Jh0l-72UJ-t4jwuY', "plug in the group's other devices"],
  ])('marked as used by a group that is nowhere, with UUID %s: refused', (uuid, hint) => {
    const lost = aPv('/dev/sdc1', 0, 0, { uuid: uuid as PvUuid, ofLostGroup: true });
    const plan = planOf(lending, withDevice({ orphans: [lost] }));
    expect(plan.errors).toEqual(['device-in-use']);
    expect(plan.actions).toEqual([]);
    expect(plan.problems[0]?.hint).toContain(hint);
  });

  test('marked so by a run of ours that was killed before it wrote a group: made anew', () => {
    const uuid = 'LvmBkp-Kept-nDSy-sw1H-Jh0l-72UJ-t4jwuY' as PvUuid;
    const half = aPv('/dev/sdc1', 0, 0, { uuid, ofLostGroup: true });
    const probe = aProbe('/dev/sdc1', { signature: 'LVM2_member', zeroEnds: false, neverInGroup: true });
    const state = (traits: Partial<typeof probe>, orphan = half) =>
      withDevice({ orphans: [orphan], probes: [{ ...probe, ...traits }] });
    const action = planOf(lending, state({})).actions[0] as Action;
    expect(action).toMatchObject({ type: 'group.extend', pv: { make: true, relabel: uuid } });
    expect(commandsOf(action).map(([name]) => name)).toEqual([
      'vgchange',
      'blkdiscard',
      'pvcreate',
      'vgextend',
    ]);
    expect(planOf(lending, state({ exclusive: false })).errors).toEqual(['device-in-use']);
    expect(planOf(lending, state({ neverInGroup: false })).errors).toEqual(['device-in-use']);
    const signatures = ['LVM2_member', 'btrfs'];
    expect(planOf(lending, state({ signatures })).errors).toEqual(['device-in-use']);
    const foreign = { ...half, uuid: 'nDSyqq-Lent-nDSy-sw1H-Jh0l-72UJ-t4jwuY' as PvUuid };
    expect(planOf(lending, state({}, foreign)).errors).toEqual(['device-in-use']);
  });

  test('in the source group already: used, and not given back', () => {
    const inventory = anInventory({
      groups: [
        aGroup(
          'SSD',
          [
            { device: '/dev/sda', extents: 64 },
            { device: '/dev/sdc1', extents: 100 },
          ],
          [aVolume('SSD', 'root', 64)],
        ),
        aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }]),
      ],
    });
    const plan = planOf(lending, inventory);
    expect(plan.types).toEqual(['volume.create', 'snapshot.create', 'copy', 'snapshot.remove']);
    expect(plan.actions[1]).toMatchObject({ placement: { devices: ['/dev/sdc1'] } });
  });

  test.each([
    ['missing', withDevice({ devices: [aDevice('/dev/sda', 1)] }), 'device-missing'],
    [
      'with a file system',
      withDevice({ probes: [aProbe('/dev/sdc1', { signature: 'ext4' })] }),
      'device-not-blank',
    ],
    [
      'with data at its ends',
      withDevice({ probes: [aProbe('/dev/sdc1', { zeroEnds: false })] }),
      'device-not-blank',
    ],
    ['never looked into', withDevice({ probes: [] }), 'device-not-blank'],
    ['held', withDevice({ probes: [aProbe('/dev/sdc1', { exclusive: false })] }), 'device-in-use'],
    [
      'hidden from LVM',
      withDevice({ probes: [aProbe('/dev/sdc1', { signature: 'LVM2_member' })] }),
      'device-in-use',
    ],
    [
      'mounted',
      withDevice({ devices: [aDevice('/dev/sdc1', diskOf(100), { mountPoints: ['/mnt'] })] }),
      'device-in-use',
    ],
    [
      'with other blocks',
      withDevice({
        devices: [aDevice('/dev/sda', 1), aDevice('/dev/sdc1', diskOf(100), { logicalSector: bytes(4096) })],
      }),
      'block-size-mismatch',
    ],
  ])('%s: refused', (_, inventory, code) => {
    const plan = planOf(lending, inventory);
    expect(plan.errors).toEqual([code]);
    expect(plan.types).toEqual([]);
  });

  test('in another group, or in the list of the backup group: refused', () => {
    const toBackup = aSpec([aVolumeSpec('SSD/root', { snapshot: { lend: '/dev/sdb' } })]);
    expect(planOf(toBackup, machine({ free: 0 })).errors).toEqual(['device-in-use']);
    const both = aSpec(lending.volumes, { devices: ['/dev/sdb', '/dev/sdc1'] });
    expect(planOf(both, withDevice({})).errors).toEqual(['device-shared']);
  });
});

describe('the source', () => {
  test.each([
    ['a snapshot', { roles: ['public', 'snapshot', 'thicksnapshot'] }, 'source-unsupported'],
    ['an external origin', { roles: ['public', 'origin', 'extthinorigin'] }, 'source-unsupported'],
    ['a thin snapshot', { roles: ['public', 'snapshot', 'thinsnapshot'], origin: 'x' }, 'source-unsupported'],
    ['a pool', { layout: ['thin', 'pool'] }, 'source-unsupported'],
    ['one of ours', { tags: ['lvmbackup'] }, 'source-unsupported'],
    ['merging', { merging: true }, 'source-unsupported'],
    ['half restored', { tags: ['lvmbackup.restoring=x'] }, 'source-restoring'],
  ])('%s: refused', (_, root, code) => {
    expect(planOf(rootOnly, machine({ root })).errors).toEqual([code]);
  });

  test.each([['striped'], ['raid', 'raid1'], ['cache']])('%s is snapshotted like any other', (...layout) => {
    expect(planOf(rootOnly, machine({ root: { layout } })).errors).toEqual([]);
  });

  test('missing: said so, the others are still shown', () => {
    const plan = planOf(aSpec([aVolumeSpec('SSD/nope'), aVolumeSpec('SSD/root')]), machine());
    expect(plan.errors).toEqual(['source-missing']);
    expect(plan.types).toContain('copy');
  });

  test('inactive: activated for the snapshot and deactivated after it', () => {
    const plan = planOf(rootOnly, machine({ root: { active: false, skipActivation: true } }));
    expect(plan.actions[1]).toMatchObject({ activateOrigin: { ignoreSkip: true } });
    expect(plan.actions.at(-1)).toMatchObject({ deactivateOrigin: true });
  });

  const device = (traits: object, probe: object = {}) => {
    const base = machine();
    return anInventory({
      groups: [...base.groups.values()],
      devices: [aDevice('/dev/sda1', 100 * MiB, { partUuid: 'abcd-01', ...traits })],
      probes: [aProbe('/dev/sda1', { signature: 'ext4', ...probe })],
    });
  };
  const boot = (freeze: boolean) => aSpec([aVolumeSpec('/dev/sda1', { backup: 'boot', freeze })]);

  test('a plain device needs no snapshot; mounted it needs freeze', () => {
    expect(planOf(boot(false), device({})).types).toEqual(['volume.create', 'copy']);
    expect(planOf(boot(false), device({ mountPoints: ['/boot'] })).errors).toEqual(['source-in-use']);
    expect(planOf(boot(false), device({ mountPoints: ['/boot'], readOnlyMounts: ['/boot'] })).errors).toEqual(
      [],
    );
    const frozen = planOf(boot(true), device({ mountPoints: ['/boot'] }));
    expect(frozen.actions[1]).toMatchObject({ quiesce: { mountPoint: '/boot', how: 'freeze', limit: 60 } });
    const fat = planOf(boot(true), device({ mountPoints: ['/boot/efi'] }, { signature: 'vfat' }));
    expect(fat.actions[1]).toMatchObject({ quiesce: { how: 'remount' } });
  });

  test('never frozen: what the run itself stands on', () => {
    expect(planOf(boot(true), device({ mountPoints: ['/'] })).errors).toEqual(['source-in-use']);
    const tool = planOf(boot(true), device({ mountPoints: ['/opt'] }), { neverFreeze: ['/opt/lvmbackup'] });
    expect(tool.errors).toEqual(['source-in-use']);
  });

  test('a device that nothing identifies: refused', () => {
    expect(planOf(boot(false), device({ partUuid: null })).errors).toEqual(['source-unsupported']);
  });
});

describe('the size of the snapshot', () => {
  const sized = (snapshot: object, free = 100) => {
    const plan = planOf(aSpec([aVolumeSpec('SSD/root', { snapshot })]), machine({ free }));
    return {
      ...plan,
      extents: plan.actions.flatMap((one) => (one.type === 'snapshot.create' ? [one.extents] : [])),
    };
  };

  test.each([
    ['100%ORIGIN', percentOfOrigin(100), 65],
    ['20%ORIGIN', percentOfOrigin(20), 14],
    ['a count', countOf(30), 30],
    ['bytes, rounded up', { unit: 'bytes' as const, bytes: bytes(17 * MiB) }, 5],
    ['50%FREE, rounded down', percentOfFree(50), 49],
    ['more than can be used', countOf(90), 65],
  ])('%s', (_, size, count) => {
    expect(sized({ size }, 99).extents).toEqual([count]);
  });

  test('atLeast takes what there is between the two', () => {
    expect(sized({ size: percentOfOrigin(100), atLeast: countOf(10) }, 40).extents).toEqual([40]);
    const short = sized({ size: percentOfOrigin(100), atLeast: countOf(50) }, 40);
    expect(short.errors).toEqual(['insufficient-space']);
    expect(short.problems[0]).toMatchObject({ needed: 50, available: 40 });
  });

  test('one that can overflow is warned of', () => {
    expect(sized({ size: countOf(30) }).warnings).toContain('may-overflow');
    expect(sized({}).warnings).not.toContain('may-overflow');
  });
});

test('a set: all its snapshots before its first copy, and every copy needs them all', () => {
  const inventory = anInventory({
    groups: [
      aGroup(
        'SSD',
        [{ device: '/dev/sda', extents: 200 }],
        [aVolume('SSD', 'data', 30), aVolume('SSD', 'wal', 20)],
      ),
      aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }]),
    ],
  });
  const spec = aSpec([aVolumeSpec('SSD/data', { set: 'pg' }), aVolumeSpec('SSD/wal', { set: 'pg' })]);
  const plan = planOf(spec, inventory);
  expect(plan.types).toEqual([
    'volume.create',
    'volume.create',
    'snapshot.create',
    'snapshot.create',
    'copy',
    'snapshot.remove',
    'copy',
    'snapshot.remove',
  ]);
  expect(plan.actions[4]?.needs).toEqual([1, 3, 4]);
  expect(plan.actions[6]?.needs).toEqual([2, 3, 4]);
  expect(plan.actions.every(({ unit }) => unit === 'set pg')).toBe(true);
});

test('a pattern takes public volumes, and says what it left out', () => {
  const inventory = anInventory({
    groups: [
      aGroup(
        'VM',
        [{ device: '/dev/sda', extents: 900 }],
        [
          aVolume('VM', 'a', 10),
          aVolume('VM', 'b', 10),
          aVolume('VM', 'scratch1', 10),
          aVolume('VM', 'old-snap', 10, { roles: ['public', 'snapshot'], origin: 'a' }),
          aVolume('VM', 'mine', 10, { tags: ['lvmbackup'] }),
        ],
      ),
      aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }]),
    ],
  });
  const source = { kind: 'pattern' as const, text: 'VM/*', group: 'VM', pattern: '*', exclude: ['scratch*'] };
  const spec = aSpec([aVolumeSpec('VM/*', { source }), aVolumeSpec('VM/b', { backup: 'bee' })]);
  const plan = planOf(spec, inventory);
  expect(plan.actions.filter(({ type }) => type === 'copy').map(({ target }) => target)).toEqual([
    'Backup/a-backup',
    'Backup/bee',
  ]);
  expect(plan.leftOut.map(({ source: name }) => name)).toEqual([
    'VM/b',
    'VM/mine',
    'VM/old-snap',
    'VM/scratch1',
  ]);
});

test('--only narrows, and a source that the file does not have is refused', () => {
  const inventory = anInventory({
    groups: [
      aGroup(
        'SSD',
        [{ device: '/dev/sda', extents: 300 }],
        [aVolume('SSD', 'a', 30), aVolume('SSD', 'b', 30)],
      ),
      aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }]),
    ],
  });
  const spec = aSpec([aVolumeSpec('SSD/a'), aVolumeSpec('SSD/b')]);
  expect(planOf(spec, inventory, { only: ['SSD/b'] }).actions.every(({ unit }) => unit === 'SSD/b')).toBe(
    true,
  );
  expect(() => planOf(spec, inventory, { only: ['SSD/c'] })).toThrow(UnknownSources);
});

test('a backup volume never lies on a lent device, even where source and backup share a group', () => {
  const inventory = anInventory({
    groups: [aGroup('SSD', [{ device: '/dev/sda', extents: 100 }], [aVolume('SSD', 'root', 64)])],
    devices: [aDevice('/dev/sdc1', diskOf(200))],
  });
  const spec = aSpec([aVolumeSpec('SSD/root', { snapshot: { lend: '/dev/sdc1' } })], { name: 'SSD' });
  expect(planOf(spec, inventory).problems[0]).toMatchObject({
    code: 'insufficient-space',
    needed: 64,
    available: 36,
  });
});
