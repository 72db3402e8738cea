/** The words of problems: what is wrong, on what, and what would help. */
import type { Group, GroupFault, PhysicalVolume } from '../lvm/inventory.ts';
import type { Bytes } from '../units.ts';
import { countText, extentsText } from '../units-text.ts';
import type { Action } from './action.ts';
import type { DeviceUse } from './devices.ts';
import type { Fault } from './fault.ts';
import type { ErrorCode, Problem } from './problem.ts';

/** An error that stops one unit, or the whole plan where `unit` is missing. */
export function refusal(
  code: Exclude<ErrorCode, 'insufficient-space'>,
  about: { unit?: string; group?: string },
  message: string,
  hint?: string,
): Problem {
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), ...about };
}

export function faultProblem(action: Action, fault: Fault, extentSize: Bytes): Problem {
  const about = { action: action.id, ...(action.unit === undefined ? {} : { unit: action.unit }) };
  switch (fault.code) {
    case 'insufficient-space':
      return shortageProblem(action, fault, extentSize, about);
    case 'name-taken':
      return {
        ...refusal('name-taken', about, `${fault.what} exists already`, nameTakenHint(action)),
        ...about,
      };
    case 'missing':
      return refusal('group-missing', about, `${fault.what} does not exist at this step`);
    case 'in-use':
      return refusal('device-in-use', about, `${fault.what} still holds extents of a volume`);
  }
}

function shortageProblem(
  action: Action,
  fault: Extract<Fault, { code: 'insufficient-space' }>,
  extentSize: Bytes,
  about: { action: number; unit?: string },
): Problem {
  const needed = extentsText(fault.needed, extentSize);
  const available = extentsText(fault.available, extentSize);
  const missing = extentsText(fault.needed - fault.available, extentSize);
  return {
    code: 'insufficient-space',
    severity: 'error',
    message: `${action.target} needs ${needed} of ${fault.group}, where ${available} can be had: ${missing} short`,
    hint: spaceHint(action, fault.available, fault.group),
    group: fault.group,
    needed: fault.needed,
    available: fault.available,
    extentSize,
    ...about,
  };
}

function spaceHint(action: Action, available: number, group: string): string {
  if (action.type === 'pool.create') {
    return `ask for less (group.pool.size: 95%FREE, group.pool.metadata), or add a device to group.devices`;
  }
  if (action.type !== 'snapshot.create') {
    return `add a device to group.devices, or make room in ${group}`;
  }
  const smaller =
    available > 0
      ? `ask for less (snapshot.size: ${countText(available).replaceAll(',', '')} extents), or allow less (snapshot.atLeast)`
      : '';
  const lend = 'lend a larger device (snapshot.lend)';
  const apart = action.unit?.startsWith('set ')
    ? 'take the source out of its set, so that its snapshot exists alone'
    : '';
  return [lend, smaller, apart].filter((text) => text !== '').join('; or ');
}

function nameTakenHint(action: Action): string {
  if (action.type === 'snapshot.create') {
    return 'give the snapshot another name (snapshot.name), or remove that volume if it is a leftover';
  }
  return 'choose another name in the file';
}

const GROUP_FAULTS: Record<GroupFault, readonly [what: string, hint: string]> = {
  partial: ['has a device missing', 'bring the device back; `vgs -o +devices` names it'],
  exported: ['is exported', 'vgimport it first'],
  shared: [
    'is shared between machines',
    'a snapshot of a shared group cannot be taken safely: use a local group',
  ],
  foreign: ['belongs to another machine', 'see `vgs -o +systemid` and lvmsystemid(7)'],
  duplicate: ['shares its name with another group', 'vgrename one of them by its UUID'],
};

export function groupUnusable(
  { name, pvs }: Pick<Group, 'name' | 'pvs'>,
  fault: GroupFault,
  unit?: string,
): Problem {
  const [what, hint] = GROUP_FAULTS[fault];
  return refusal(
    'group-unusable',
    { group: name, ...(unit === undefined ? {} : { unit }) },
    `${name} ${what}`,
    (fault === 'partial' ? restoreHint(name, pvs.values()) : null) ?? hint,
  );
}

/** What brings back devices that are there and called missing; null where one is not there. */
export function restoreHint(group: string, pvs: Iterable<PhysicalVolume>): string | null {
  const missing = [...pvs].filter(({ device }) => device === null);
  const there = missing.flatMap(({ calledMissing }) => calledMissing ?? []);
  if (there.length === 0 || there.length < missing.length) return null;
  const command = `vgextend --restoremissing ${group} ${there.join(' ')}`;
  return `LVM wrote to the group while ${there.join(' and ')} was away, and calls it missing still, though it is there: ${command}`;
}

/** For a person who is sure: it also takes a label whose metadata is damaged, which pvremove does not. */
function makeBlank(named: string): string {
  return `wipefs -a ${named}; blkdiscard -z ${named}`;
}

/** Why a device cannot join a group; null where it can. `purpose` is what it was to do. */
export function deviceRefusal(
  named: string,
  use: DeviceUse,
  purpose: string,
  about: { unit?: string; group?: string },
): Problem | null {
  const refuse = (code: Exclude<ErrorCode, 'insufficient-space'>, what: string, hint: string) =>
    refusal(code, about, `${named} ${what}, so it cannot ${purpose}`, hint);
  switch (use.kind) {
    case 'blank':
    case 'orphan':
    case 'half-made':
    case 'unknown':
      return null;
    case 'missing':
      return refuse('device-missing', 'does not exist', 'plug it in, or correct its path in the file');
    case 'member':
      return refuse(
        'device-in-use',
        `is a physical volume of ${use.group}`,
        `name another device, or take it out of ${use.group} first (vgreduce)`,
      );
    case 'hidden-pv':
      return refuse(
        'device-in-use',
        'carries an LVM label, but LVM does not show it',
        "see LVM's devices file: lvmdevices(8), `lvmdevices --adddev`",
      );
    case 'of-lost-group':
      return refuse(
        'device-in-use',
        'is marked as a physical volume of a group that is nowhere to be seen',
        use.ours
          ? `the group's other devices are missing, or its metadata is damaged: then vgcfgrestore(8) may bring it back; only where nothing of it is wanted: ${makeBlank(named)}`
          : `plug in the group's other devices; where nothing of that group is wanted: ${makeBlank(named)}`,
      );
    case 'in-use':
      return refuse('device-in-use', `is in use (${use.by})`, 'unmount it or release it first');
    case 'not-blank':
      return refuse(
        'device-not-blank',
        `is not blank: it holds ${use.holds}`,
        `if nothing on it is wanted, make it blank yourself: ${makeBlank(named)}`,
      );
  }
}
