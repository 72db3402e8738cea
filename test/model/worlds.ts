/**
 * The grammar of the small worlds: every machine and file that can be put together from these parts. A part that the
 * tool learns to do joins as one more choice.
 */
import type { Size, Spec, VolumeSpec } from '../../src/spec/spec.ts';
import { aSpec, aVolumeSpec, countOf, percentOfFree, percentOfOrigin } from '../helpers/specs.ts';
import type { Disk, Lv, State, Vg } from './state.ts';

export interface World {
  readonly name: string;
  readonly state: State;
  readonly spec: Spec;
  /** Disks that the file lends. */
  readonly lendable: readonly string[];
}

const CHOICES = {
  sources: ['one', 'two', 'a set of two'],
  origins: ['awake', 'one asleep'],
  free: [0, 3, 8],
  backups: [
    'in a group of their own',
    'in a group to be made',
    'in a group to be extended',
    'in the same group',
  ],
  copy: ['none', 'complete', 'incomplete', 'complete and too small'],
  lent: ['nothing', 'a blank disk', 'an orphan'],
  size: [percentOfOrigin(100), countOf(1), percentOfFree(100)] as readonly Size[],
} as const;

type Choices = { readonly [K in keyof typeof CHOICES]: (typeof CHOICES)[K][number] };

/** All of them, in an order that does not change. */
export function allWorlds(): World[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, values] of Object.entries(CHOICES))
    all = all.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  return (all as unknown as Choices[]).filter(isSensible).map(worldOf);
}

/** Without those that are another one in other words. */
function isSensible({ backups, copy }: Choices): boolean {
  return backups !== 'in a group to be made' || copy === 'none';
}

const BACKUP_EXTENTS = 12;

function worldOf(chosen: Choices): World {
  const names = chosen.sources === 'one' ? ['root'] : ['root', 'home'];
  const state: State = {
    disks: { '/dev/a': member('pv-a', 'S', 0), '/dev/b': blank(BACKUP_EXTENTS), '/dev/c': blank(6) },
    groups: { S: aGroup('pv-a', 0) },
  };
  const source = state.groups.S as Vg;
  source.lvs.other = volume('other', 1, 'pv-a');
  names.forEach((name, index) => {
    source.lvs[name] = {
      ...volume(name, 2 - index, 'pv-a'),
      active: index > 0 || chosen.origins === 'awake',
    };
  });
  const group = backupGroup(state, chosen);
  if (chosen.copy !== 'none') (state.groups[group] as Vg).lvs['root-backup'] = copyOf(chosen, group);
  giveRoom(state, chosen, group);
  if (chosen.lent === 'an orphan')
    state.disks['/dev/c'] = { ...blank(6), label: { uuid: 'pv-c', group: null }, start: 'used' };
  return {
    name: JSON.stringify(chosen),
    state,
    spec: specOf(chosen, names, group),
    lendable: lendable(chosen),
  };
}

const lendable = ({ lent }: Choices) => (lent === 'nothing' ? [] : ['/dev/c']);

function backupGroup(state: State, { backups }: Choices): string {
  if (backups === 'in the same group') return 'S';
  if (backups === 'in a group to be made') return 'B';
  const extents = backups === 'in a group to be extended' ? 1 : BACKUP_EXTENTS;
  state.groups.B = { ...aGroup('pv-d', extents), autoactivation: false };
  state.disks['/dev/d'] = member('pv-d', 'B', extents);
  return 'B';
}

/** The source group has what its volumes take, and as much free as was chosen (and room for copies that go there). */
function giveRoom(state: State, { free, backups, copy }: Choices, group: string): void {
  for (const [name, path] of [
    ['S', '/dev/a'],
    ['B', '/dev/d'],
  ] as const) {
    const vg = state.groups[name];
    if (!vg || (name === 'B' && backups !== 'in a group to be extended')) continue;
    const taken = Object.values(vg.lvs).reduce((sum, lv) => sum + lv.extents, 0);
    const spare = name === 'B' ? 0 : free + (group === 'S' && copy === 'none' ? 3 : 1);
    const [uuid = ''] = Object.keys(vg.pvs);
    const extents = name === 'B' || group === 'S' ? taken + spare : taken + free;
    vg.pvs[uuid] = extents;
    state.disks[path] = member(uuid, name, extents);
  }
}

function specOf({ sources, size, lent, backups }: Choices, names: readonly string[], group: string): Spec {
  const lend = lent === 'nothing' ? null : '/dev/c';
  const set = sources === 'a set of two' ? 'pair' : null;
  const volumes: VolumeSpec[] = names.map((name) =>
    aVolumeSpec(`S/${name}`, { set, snapshot: { size, lend } }),
  );
  const makes = backups === 'in a group to be made' || backups === 'in a group to be extended';
  return aSpec(volumes, { name: group, devices: makes ? ['/dev/b'] : [] });
}

function aGroup(uuid: string, extents: number): Vg {
  return { uuid: `uuid-of-${uuid}`, autoactivation: true, tags: ['mine'], pvs: { [uuid]: extents }, lvs: {} };
}

function volume(name: string, extents: number, pv: string): Lv {
  return {
    ...{ uuid: `lv-${name}`, extents, tags: [], active: true, skip: false, origin: null, invalid: false },
    ...{ content: `${name}@now`, on: [{ pv, extents }] },
  };
}

function copyOf({ copy, backups }: Choices, group: string): Lv {
  const whole = copy !== 'incomplete';
  const extents = copy === 'complete and too small' ? 1 : 2;
  return {
    ...volume('root-backup', extents, backups === 'in the same group' ? 'pv-a' : 'pv-d'),
    ...{ uuid: `new-${group}-root-backup`, active: false, skip: true, content: whole ? 'root@then' : 'torn' },
    tags: [
      ...['lvmbackup', 'lvmbackup.source=S/root', 'lvmbackup.sourceid=uuid-of-pv-a/lv-root'],
      ...['lvmbackup.host=0123456789ab', `lvmbackup.state=${whole ? 'complete' : 'incomplete'}`],
      ...(whole ? ['lvmbackup.time=2026-11-22T00:00:00Z', 'lvmbackup.digest=sha256-256KiB:0'] : []),
    ],
  };
}

function blank(extents: number): Disk {
  return { extents, present: true, label: null, start: 'zero', end: 'zero' };
}

function member(uuid: string, group: string, extents: number): Disk {
  return { ...blank(extents), label: { uuid, group }, start: 'used', end: 'used' };
}
