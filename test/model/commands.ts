/**
 * LVM by its commands alone: each argument list changes the small machine as the real command does, or fails as it
 * does. It knows nothing of plans and actions, so that what those believe of a command is tried and not repeated,
 * and whatever joins them later joins here too. A command it was not taught is an error.
 *
 * It watches over the machine meanwhile: a command that touches what is not lvmbackup's is an error, not a failure.
 */
import {
  copyOf,
  type Disk,
  diskOf,
  freeOn,
  isBlank,
  isMissing,
  isOurs,
  isPartial,
  type Lv,
  type State,
  type Vg,
} from './state.ts';

/** What no run may do, in any state. */
export class Forbidden extends Error {}

/** The command says no, and has changed nothing (more). */
export class Refused extends Error {}

/** The states that a command passes through, the last of them where it ends. Throws Refused, Forbidden. */
export function performed(before: State, argv: readonly string[]): State[] {
  const passed: State[] = [];
  const state = copyOf(before);
  const pass = () => passed.push(copyOf(state));
  const command = COMMANDS[argv[0] ?? ''];
  if (!command) throw new Forbidden(`unknown here: ${argv.join(' ')}`);
  command(state, parsed(argv), pass);
  pass();
  return passed;
}

interface Words {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

const VALUED: Record<string, readonly string[]> = {
  pvcreate: ['--uuid', '--dataalignment', '--metadatacopies'],
  vgcreate: ['--setautoactivation', '-s'],
  vgchange: ['--addtag', '--deltag'],
  lvcreate: ['-l', '-n', '--monitor', '--addtag'],
  lvextend: ['-l'],
  lvremove: ['--config'],
  lvchange: ['--addtag', '--deltag'],
  blkdiscard: ['--offset', '--length'],
};

function parsed(argv: readonly string[]): Words {
  const valued = VALUED[argv[0] ?? ''] ?? [];
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] as string;
    if (valued.includes(word)) values.set(word, [...(values.get(word) ?? []), argv[++at] as string]);
    else if (word.startsWith('-')) flags.add(word);
    else rest.push(word);
  }
  return { flags, values, rest };
}

type Command = (state: State, words: Words, pass: () => void) => void;

const COMMANDS: Record<string, Command> = {
  /** The kernel has here what LVM's metadata say, and nothing beside it. */
  dmsetup(_, { rest }) {
    if (rest[0] !== 'info') throw new Forbidden(`unknown here: dmsetup ${rest[0]}`);
  },

  pvcreate(state, { values, rest }) {
    const disk = diskAt(state, rest[0]);
    if (!isBlank(disk)) throw new Forbidden(`pvcreate of ${rest[0]}, which is not blank`);
    disk.label = { uuid: one(values, '--uuid'), group: null };
    disk.start = 'used';
  },

  pvremove(state, { rest }) {
    const disk = diskAt(state, rest[0]);
    if (!disk.label) throw new Refused(`No PV found on device ${rest[0]}`);
    if (disk.label.group !== null) throw new Refused(`${rest[0]} is used by ${disk.label.group}`);
    requireOurLabel(disk, rest[0]);
    disk.label = null;
    disk.start = 'rest of a label';
  },

  blkdiscard(state, { values, rest }) {
    const disk = diskAt(state, rest[0]);
    if (disk.label?.group) throw new Forbidden(`${rest[0]} is zeroed while it is in ${disk.label.group}`);
    if (disk.label) requireOurLabel(disk, rest[0]);
    if (Number(one(values, '--offset')) === 0) Object.assign(disk, { start: 'zero', label: null });
    else disk.end = 'zero';
  },

  vgcreate(state, { values, rest }) {
    const [name = '', ...paths] = rest;
    if (state.groups[name]) throw new Refused(`a volume group called ${name} already exists`);
    const autoactivation = one(values, '--setautoactivation') === 'y';
    state.groups[name] = { uuid: `new-${name}`, autoactivation, tags: [], pvs: {}, lvs: {} };
    for (const path of paths) join(state, name, path);
  },

  vgextend(state, { rest }) {
    const [name = '', path = ''] = rest;
    if (isPartial(state, groupAt(state, name))) throw new Refused('Cannot change VG while PVs are missing');
    join(state, name, path);
  },

  vgreduce(state, { flags, rest }) {
    const [name = '', path = ''] = rest;
    const group = groupAt(state, name);
    if (flags.has('--removemissing')) return removeMissing(state, group);
    if (isPartial(state, group)) throw new Refused('Cannot change VG while PVs are missing');
    const disk = diskAt(state, path);
    const uuid = disk.label?.uuid ?? '';
    if (group.pvs[uuid] === undefined) throw new Refused(`${path} is not in ${name}`);
    if (freeOn(group, uuid) < group.pvs[uuid]) throw new Refused(`${path} still in use`);
    if (Object.keys(group.pvs).length === 1) throw new Refused('the last one stays');
    if (!group.tags.includes(`lvmbackup.lent=${uuid}`))
      throw new Forbidden(`${path} was not lent to ${name}`);
    delete group.pvs[uuid];
    disk.label = { uuid, group: null };
  },

  vgchange(state, { values, rest }) {
    const group = groupAt(state, rest[0]);
    group.tags = changed(group.tags, values);
  },

  vgck(state, { rest }) {
    for (const disk of Object.values(state.disks)) {
      const { label } = disk;
      if (!disk.present || label?.group !== rest[0]) continue;
      if (groupAt(state, rest[0]).pvs[label?.uuid ?? ''] === undefined && label) label.group = null;
    }
  },

  lvcreate(state, { flags, values, rest }, pass) {
    const [where = '', ...paths] = rest;
    const [groupName = '', originName] = where.split('/');
    const group = groupAt(state, groupName);
    const name = one(values, '-n');
    if (group.lvs[name]) throw new Refused(`${name} already exists in ${groupName}`);
    const origin = originName === undefined ? null : group.lvs[originName];
    if (origin === undefined) throw new Refused(`there is no ${where}`);
    const count = Number(one(values, '-l'));
    const lv: Lv = {
      ...{ uuid: `new-${groupName}-${name}`, extents: count, tags: [...(values.get('--addtag') ?? [])] },
      ...{ active: false, skip: flags.has('-ky'), origin: null, content: 'torn', invalid: false },
      on: allocated(state, group, count, paths),
    };
    if (!lv.tags.includes('lvmbackup')) throw new Forbidden(`${groupName}/${name} is made without a tag`);
    group.lvs[name] = lv;
    if (!origin) return;
    // What a kill leaves in between: a plain volume with the snapshot's name and tags.
    pass();
    Object.assign(lv, { active: origin.active, origin: originName, content: origin.content });
    for (const { pv } of lv.on) {
      const found = diskOf(state, pv);
      if (found) found[1].end = 'used';
    }
  },

  lvextend(state, { values, rest }) {
    const [path = '', ...paths] = rest;
    const [group, lv] = lvAt(state, path);
    requireOurs(lv, path);
    const count = Number(one(values, '-l').replace('+', ''));
    lv.on = [...lv.on, ...allocated(state, group, count, paths)];
    lv.extents += count;
  },

  lvremove(state, { values, rest }) {
    const [path = ''] = rest;
    const [group, lv, name] = lvAt(state, path);
    requireOurs(lv, path);
    if (Object.values(group.lvs).some(({ origin }) => origin === name))
      throw new Forbidden(`${path} is an origin`);
    const partial = values.get('--config')?.some((text) => text.includes('partial')) ?? false;
    if (isPartial(state, group) && !partial)
      throw new Refused(`${path} cannot be removed while a device is missing`);
    delete group.lvs[name];
  },

  lvchange(state, { flags, values, rest }) {
    const [path = ''] = rest;
    const [group, lv, name] = lvAt(state, path);
    if (values.size > 0) {
      requireOurs(lv, path);
      lv.tags = changed(lv.tags, values);
    }
    if (flags.has('-ay') && (!lv.skip || flags.has('-K'))) activate(state, group, lv, name, path);
    if (flags.has('-an')) {
      lv.active = false;
      for (const other of Object.values(group.lvs)) if (other.origin === name) other.active = false;
    }
  },
};

function activate(state: State, group: Vg, lv: Lv, name: string, path: string): void {
  const snapshots = Object.values(group.lvs).filter(({ origin }) => origin === name);
  for (const one of [lv, ...snapshots]) {
    if (one.on.some(({ pv }) => isMissing(state, pv)))
      throw new Refused(`Refusing activation of partial LV ${path}`);
  }
  for (const one of [lv, ...snapshots]) one.active = true;
}

function removeMissing(state: State, group: Vg): void {
  for (const uuid of Object.keys(group.pvs).filter((one) => isMissing(state, one))) {
    if (freeOn(group, uuid) < (group.pvs[uuid] ?? 0)) throw new Refused('there are still partial LVs');
    if (!group.tags.includes(`lvmbackup.lent=${uuid}`))
      throw new Forbidden(`${uuid} is missing, and was not lent`);
    delete group.pvs[uuid];
  }
}

function join(state: State, group: string, path: string): void {
  const disk = diskAt(state, path);
  const { label } = disk;
  if (!label) throw new Forbidden(`${path} joins ${group} without a label of the planned UUID`);
  if (label.group !== null) throw new Refused(`${path} is in ${label.group}`);
  label.group = group;
  groupAt(state, group).pvs[label.uuid] = disk.extents;
  disk.start = 'used';
}

function allocated(state: State, group: Vg, count: number, paths: readonly string[]): Lv['on'] {
  if (isPartial(state, group)) throw new Refused('Cannot change VG while PVs are missing');
  let left = count;
  const on: Lv['on'] = [];
  for (const path of paths) {
    const uuid = diskAt(state, path).label?.uuid ?? '';
    const taken = Math.min(left, freeOn(group, uuid));
    if (taken > 0) on.push({ pv: uuid, extents: taken });
    left -= taken;
  }
  if (left > 0) throw new Refused(`insufficient free space: ${count} extents required, ${left} short`);
  return on;
}

/** As LVM does it: what one command drops and adds is gone afterwards. */
function changed(tags: readonly string[], values: Words['values']): string[] {
  const dropped = values.get('--deltag') ?? [];
  return [...new Set([...tags, ...(values.get('--addtag') ?? [])])].filter((tag) => !dropped.includes(tag));
}

/** The copy: the target is torn from its first byte on, and whole at its last. */
export function copied(before: State, from: string, to: string): State[] {
  const state = copyOf(before);
  const [group, source] = lvAt(state, from.replace('/dev/', ''));
  const [, target] = lvAt(state, to.replace('/dev/', ''));
  requireOurs(target, to);
  if (!target.active || !source.active || source.invalid)
    throw new Refused(`${from} or ${to} is not there to be opened`);
  if (target.tags.includes('lvmbackup.state=complete'))
    throw new Forbidden(`${to} is written to while it says complete`);
  if (target.extents < sizeOf(group, source)) throw new Forbidden(`${to} is too small`);
  target.content = 'torn';
  const torn = copyOf(state);
  target.content = source.content;
  return [torn, state];
}

/** Of a snapshot: what it shows, not what it takes. */
function sizeOf(group: Vg, lv: Lv): number {
  return lv.origin === null ? lv.extents : (group.lvs[lv.origin]?.extents ?? 0);
}

function requireOurs(lv: Lv, path: string): void {
  if (!isOurs(lv)) throw new Forbidden(`${path} is touched, and carries no tag`);
}

function requireOurLabel({ label }: Disk, path: string | undefined): void {
  if (!label?.uuid.startsWith('LvmBkp-'))
    throw new Forbidden(`the label of ${path} is not of lvmbackup's making`);
}

function one(values: Words['values'], option: string): string {
  const [value] = values.get(option) ?? [];
  if (value === undefined) throw new Forbidden(`${option} is missing`);
  return value;
}

function diskAt(state: State, path = ''): Disk {
  const disk = state.disks[path];
  if (!disk?.present) throw new Refused(`there is no device ${path}`);
  return disk;
}

function groupAt(state: State, name = ''): Vg {
  const group = state.groups[name];
  if (!group) throw new Refused(`there is no group ${name}`);
  return group;
}

function lvAt(state: State, path: string): [group: Vg, lv: Lv, name: string] {
  const [groupName = '', name = ''] = path.split('/');
  const group = groupAt(state, groupName);
  const lv = group.lvs[name];
  if (!lv) throw new Refused(`there is no volume ${path}`);
  return [group, lv, name];
}
