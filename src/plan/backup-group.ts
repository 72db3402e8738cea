/** The group that holds the backups: there, to be created, to be extended, or not to be had. */
import type { PvPurpose } from '../lvm/pv-uuid.ts';
import type { GroupSpec } from '../spec/spec.ts';
import { type Bytes, bytesOf, extents } from '../units.ts';
import type { ActionId, PlannedPv } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { type DeviceUse, plannedOnBlank, plannedOnOrphan, plannedOnUnknown, useOf } from './devices.ts';
import type { PlanInput } from './input.ts';
import { clockText } from './plan.ts';
import { deviceRefusal, groupUnusable, refusal } from './problem-texts.ts';

export type BackupGroup =
  /** `needs`: the actions that make it what it has to be. */
  | { readonly kind: 'ready'; readonly needs: readonly ActionId[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** A problem says why. */
  | { readonly kind: 'refused' };

export function prepareBackupGroup(builder: PlanBuilder, input: PlanInput): BackupGroup {
  const { group } = input.spec;
  const present = builder.model.group(group.name);
  if (!present) return createGroup(builder, input);
  builder.watch(group.name);
  if (present.unusable) {
    builder.problem(groupUnusable(present, present.unusable));
    return { kind: 'refused' };
  }
  return growGroup(builder, input, present.extentSize);
}

function createGroup(builder: PlanBuilder, input: PlanInput): BackupGroup {
  const { group } = input.spec;
  const uses = group.devices.map((named) => [named, useOf(builder.model, named)] as const);
  const absent = uses.filter(([, use]) => use.kind === 'missing').map(([named]) => named);
  if (group.whenMissing === 'skip' && (uses.length === 0 || absent.length > 0)) {
    const where = absent.length > 0 ? `: ${absent.join(', ')} is not there` : '';
    return {
      kind: 'skipped',
      reason: `the backup group ${group.name} is not there${where} (whenMissing: skip)`,
    };
  }
  if (uses.length === 0 || absent.length > 0 || uses.some(([, use]) => use.kind === 'hidden-pv')) {
    builder.problem(missingGroup(group, absent, uses));
    return { kind: 'refused' };
  }
  const pvs = plannedPvs(builder, input, uses, group.extentSize);
  if (!pvs) return { kind: 'refused' };
  const count = extents(pvs.reduce((sum, pv) => sum + pv.extents, 0));
  const id = builder.add({
    type: 'group.create',
    target: group.name,
    extentSize: group.extentSize,
    pvs,
    extents: count,
    bytes: bytesOf(count, group.extentSize),
    reason: pvs.some(({ relabel }) => relabel !== undefined)
      ? 'a run was killed while it made the backup group'
      : 'the backup group does not exist',
  });
  return { kind: 'ready', needs: [id] };
}

function missingGroup(
  group: GroupSpec,
  absent: readonly string[],
  uses: readonly (readonly [string, DeviceUse])[],
) {
  const hidden = uses.find(([, use]) => use.kind === 'hidden-pv');
  const about = { group: group.name };
  if (hidden) {
    return refusal(
      'group-missing',
      about,
      `LVM shows no group ${group.name}, but ${hidden[0]} carries an LVM label`,
      "LVM's devices file may hide it: `lvmdevices --adddev` that device, see lvmdevices(8)",
    );
  }
  if (absent.length > 0) {
    return refusal(
      'group-missing',
      about,
      `the backup group ${group.name} does not exist, and ${absent.join(', ')} is not there to create it from`,
      'plug the disk in; for a disk that is not always there, group.whenMissing: skip',
    );
  }
  return refusal(
    'group-missing',
    about,
    `the backup group ${group.name} does not exist`,
    'name the devices to create it from (group.devices), or create it with vgcreate',
  );
}

function growGroup(builder: PlanBuilder, input: PlanInput, extentSize: Bytes): BackupGroup {
  const { group } = input.spec;
  const uses = group.devices
    .map((named) => [named, useOf(builder.model, named)] as const)
    .filter(([, use]) => !(use.kind === 'member' && use.group === group.name) && use.kind !== 'unknown');
  const pvs = plannedPvs(builder, input, uses, extentSize);
  if (!pvs) return { kind: 'refused' };
  const needs = pvs.map((pv) =>
    builder.add({
      type: 'group.extend',
      target: group.name,
      device: pv.device,
      pv,
      purpose: 'grow',
      extents: pv.extents,
      bytes: bytesOf(pv.extents, extentSize),
      reason: 'group.devices names it, and the group lacks it',
    }),
  );
  return { kind: 'ready', needs };
}

/** null where a device cannot be used; problems say which and why. */
function plannedPvs(
  builder: PlanBuilder,
  input: PlanInput,
  uses: readonly (readonly [string, DeviceUse])[],
  extentSize: Bytes,
): PlannedPv[] | null {
  const { name } = input.spec.group;
  const refused = uses
    .map(([named, use]) => deviceRefusal(named, use, `join the backup group ${name}`, { group: name }))
    .filter((problem) => problem !== null);
  for (const problem of refused) builder.problem(problem);
  if (refused.length > 0) return null;
  return uses.map(([named, use]) =>
    planPv(builder, input, named, use, { group: name, extentSize, purpose: 'stay' }),
  );
}

/** The physical volume that a usable device is or becomes. */
export function planPv(
  builder: PlanBuilder,
  input: PlanInput,
  named: string,
  use: DeviceUse,
  { group, extentSize, purpose }: { group: string; extentSize: Bytes; purpose: PvPurpose },
): PlannedPv {
  // The seed is the plan's own: planned again with the same clock, it announces the same UUID.
  const uuid = input.pvUuid(`${clockText(input.clock)} ${input.host} ${group} ${named}`, purpose);
  if (use.kind === 'orphan') return plannedOnOrphan(use.pv, named, extentSize);
  if (use.kind === 'half-made')
    return { ...plannedOnBlank(use.device, named, uuid, extentSize), relabel: use.pv.uuid };
  if (use.kind === 'blank') return plannedOnBlank(use.device, named, uuid, extentSize);
  builder.problem({
    code: 'device-unknown',
    severity: 'warning',
    group,
    message: `the state tells nothing of ${named}: it is taken to be blank and large enough`,
    hint: '`lvmbackup state` on the machine itself records its devices too',
  });
  return plannedOnUnknown(named, uuid);
}
