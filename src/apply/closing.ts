/**
 * What a closing action has to do now, decided from a fresh report by UUID and tag: a bracket is open from its first
 * command, so any part of it may or may not be there.
 */
import { ExitCode, UserError } from '../errors.ts';
import type { Argv } from '../lvm/commands.ts';
import type { Group, Inventory } from '../lvm/inventory.ts';
import { tagValue } from '../lvm/tags.ts';
import type { GroupReduce, SnapshotKeep, SnapshotRemove } from '../plan/action.ts';
import { baseOf } from '../plan/base.ts';
import { splitPath } from '../plan/model.ts';
import { loanTags } from '../plan/ownership.ts';
import { isFormerSnapshot, unsettledIn } from '../plan/recovery-mapped.ts';
import { type Step, toRun } from '../plan/step.ts';
import { endSnapshotSteps, giveBackCommands, keepCommands } from '../plan/steps.ts';

/** What the run knows of the bracket that is closed. */
export interface Opening {
  /** The run's name, as its tags have it. */
  readonly run: string;
  /** The opening action succeeded. */
  readonly opened: boolean;
  /** All that the closing action waits for succeeded: a snapshot that is to be kept is worth it. */
  readonly worked?: boolean;
}

/** Throws UserError where closing would touch what is not this run's, or cannot be. */
export function closingSteps(
  action: GroupReduce | SnapshotRemove | SnapshotKeep,
  now: Inventory,
  opening: Opening,
): Step[] {
  switch (action.type) {
    case 'snapshot.remove':
      return endOfSnapshot(action, now, opening);
    case 'snapshot.keep':
      return opening.worked ? toRun(newBase(action, now, opening)) : endOfSnapshot(action, now, opening);
    case 'group.reduce':
      return toRun(endOfLoan(action, now));
  }
}

/** The copy is complete: its snapshot takes the place of the base before it. */
function newBase(action: SnapshotKeep, now: Inventory, { run }: Opening): Argv[] {
  const [groupName, name] = splitPath(action.target);
  const group = now.groups.get(groupName);
  const snapshot = group?.volumes.get(name);
  if (!group || !snapshot || tagValue(snapshot.tags, 'run') !== run) {
    throw new UserError(
      ExitCode.failed,
      `${action.target}, which was to be kept, is not there any more: somebody removed it`,
      'the copy is complete; the next run reads everything again',
    );
  }
  const origin = splitPath(action.origin)[1];
  const before = group.volumes.get(splitPath(action.base)[1]);
  if (before && !baseOf(group, origin)) {
    throw new UserError(
      ExitCode.failed,
      `${action.base} is there by now, and is not a base of lvmbackup's`,
      `rename it: lvrename ${action.base} NAME`,
    );
  }
  return keepCommands(action, {
    replaces: before !== undefined,
    originActive: group.volumes.get(origin)?.active ?? false,
  });
}

function endOfSnapshot(
  action: SnapshotRemove | SnapshotKeep,
  now: Inventory,
  { run, opened }: Opening,
): Step[] {
  const [groupName, name] = splitPath(action.target);
  const group = now.groups.get(groupName);
  const snapshot = group?.volumes.get(name);
  const isOurs = snapshot !== undefined && tagValue(snapshot.tags, 'run') === run;
  // Where the opening failed, a volume of that name is what it failed on: somebody else's, and none of ours is there.
  if (snapshot && !isOurs && opened) {
    throw new UserError(
      ExitCode.failed,
      `${action.target} is there, but it is not this run's: its tag names another`,
      `look at it with: lvs -o+lv_tags ${action.target}`,
    );
  }
  const origin = group?.volumes.get(splitPath(action.origin)[1]);
  const isTorn = isOurs && snapshot.origin === null && isFormerSnapshot(snapshot);
  const unsettled = group ? unsettledIn(group) : [];
  return endSnapshotSteps(action, {
    exists: isOurs,
    originActive: origin?.active ?? false,
    ...(isTorn ? { torn: { unsettled } } : {}),
  });
}

function endOfLoan(action: GroupReduce, now: Inventory): Argv[] {
  const group = now.groups.get(action.target);
  const member = group?.pvs.get(action.pv.uuid);
  const orphan = now.orphans.get(action.pv.uuid);
  if (group && member && member.free < member.extents) throw stillInUse(action, group);
  if (member && member.device === null) {
    throw new UserError(
      ExitCode.failed,
      `${action.pv.named}, lent to ${action.target}, is gone`,
      'plug it in again; the tag lvmbackup.lent of the group names it by its UUID',
    );
  }
  // A device may have another path by now; its UUID is what was announced.
  const device = member?.device ?? orphan?.device ?? action.pv.device;
  return giveBackCommands(
    { ...action, pv: { ...action.pv, device } },
    {
      inGroup: member !== undefined,
      labelled: member !== undefined || orphan !== undefined,
      tagged: group?.tags.some((tag) => loanTags(action.pv).includes(tag)) ?? false,
      outdated: false,
    },
  );
}

function stillInUse(action: GroupReduce, group: Group): UserError {
  const on = [...group.volumes.values()]
    .filter((volume) => volume.allocation.some(({ pv }) => pv === action.pv.uuid))
    .map((volume) => `${group.name}/${volume.name}`);
  return new UserError(
    ExitCode.failed,
    `${action.pv.named} cannot be taken back from ${group.name}: ${on.join(', ') || 'a volume'} still lies on it`,
    'do not unplug the device; it stays tagged as lent, so it can be given back later',
  );
}
