/**
 * From the semantic action to the commands that realise it. A pure function of the action's own fields: a saved
 * plan's commands are made again here, never read from its file.
 */
import * as lvm from '../lvm/commands.ts';
import { mapperName } from '../lvm/mapper.ts';
import { OWNED, tag } from '../lvm/tags.ts';
import type {
  Draft,
  GroupCreate,
  GroupExtend,
  GroupReduce,
  GroupRepair,
  HeldPool,
  LoanStanding,
  PlannedPv,
  PointCreate,
  PoolCreate,
  SnapshotCreate,
  SnapshotKeep,
  SnapshotRemove,
  VolumeCreate,
} from './action.ts';
import { copyOptions, copySteps } from './copy-steps.ts';
import { filesCommands } from './files.ts';
import { splitPath } from './model.ts';
import { baseTags, COPIED, identityTags, loanTags, runTags, stateTags } from './ownership.ts';
import { createTarget, restoreSteps } from './restore-steps.ts';
import { type Step, toRun } from './step.ts';

/** What apply does for the action, in order. `{run}`, `{time}` and `{digest}` are filled in by the run. */
export function stepsOf(action: Draft): Step[] {
  switch (action.type) {
    case 'group.create':
      return toRun(createGroup(action));
    case 'group.extend':
      return toRun(extendGroup(action));
    case 'group.reduce':
      return toRun(giveBackCommands(action, action.standing ?? WHOLE_LOAN));
    case 'group.repair':
      return [...toRun(repairGroup(action)), ...(action.release ?? []).flatMap(releasePool)];
    case 'pool.create':
      return toRun(createPool(action));
    case 'volume.create':
      if (action.restoring !== undefined) return toRun([createTarget(action, action.restoring)]);
      return toRun([createVolume(action)]);
    case 'volume.extend':
      return toRun([lvm.extendVolume(action.target, action.extents, action.placement.devices)]);
    case 'volume.remove':
      return removeVolume(action);
    case 'snapshot.create':
      return toRun(createSnapshot(action));
    case 'snapshot.remove':
      return endSnapshotSteps(action, { exists: true, originActive: true });
    case 'snapshot.keep':
      return toRun(keepCommands(action, { originActive: true, replaces: action.replaces !== null }));
    case 'copy':
      return action.restore ? restoreSteps(action, action.restore) : copySteps(action);
    case 'hook':
      return action.hooks.map((argv) => ({ do: 'hook', argv }));
    case 'point.create':
      return toRun(createPoint(action));
    case 'point.remove':
      return toRun([lvm.removeVolume(action.target)]);
  }
}

/** The argument lists alone: what the plan document and `plan -v` show. */
export function commandsOf(action: Draft): (readonly string[])[] {
  return stepsOf(action).flatMap(commandsOfStep);
}

/** An image is copied inside the process; the words for it are the same copy by hand. */
export function commandsOfStep(step: Step): (readonly string[])[] {
  switch (step.do) {
    case 'run':
    case 'hook':
      return [step.argv];
    case 'check':
      return [['lvmbackup', 'verify', step.volume]];
    case 'unmap':
      return [lvm.unmap(mapperName(step.group, step.volume, 'cow'))];
    case 'release':
      return [lvm.releaseMetadataSnapshot(mapperName(step.group, step.pool, 'tpool'))];
    case 'copy':
      return step.action.files
        ? filesCommands(step.action, step.from, step.to)
        : [['lvmbackup', 'copy', step.from, step.to, ...copyOptions(step.action)]];
  }
}

function createGroup(action: Draft<GroupCreate>): lvm.Argv[] {
  return [
    ...action.pvs.flatMap(makePv),
    lvm.vgcreate(
      action.target,
      action.extentSize,
      action.pvs.map((pv) => pv.device),
    ),
  ];
}

function makePv({ device, uuid, make, relabel }: PlannedPv): lvm.Argv[] {
  return [
    ...(relabel === undefined ? [] : [lvm.zeroStart(device)]),
    ...(make ? [lvm.pvcreate(device, uuid)] : []),
  ];
}

/** A loan is announced before it is made: after a crash the tags alone say what to give back. */
function extendGroup({ target, pv, purpose }: Draft<GroupExtend>): lvm.Argv[] {
  return [
    ...(purpose === 'lend' ? [lvm.changeGroupTags(target, { add: loanTags(pv) })] : []),
    ...makePv(pv),
    lvm.vgextend(target, pv.device),
  ];
}

const WHOLE_LOAN: LoanStanding = { inGroup: true, labelled: true, tagged: true, outdated: false };

/** A device that the run made a PV of becomes blank again: LVM's metadata and the snapshot's remains go. */
export function giveBackCommands(action: Draft<GroupReduce>, standing: LoanStanding): lvm.Argv[] {
  const { target, pv, forgetDevice } = action;
  const orphan = !standing.inGroup && !standing.outdated;
  const remove = orphan ? lvm.pvremoveOrphan(pv.device) : lvm.pvremove(pv.device);
  const blank = [lvm.zeroEnd(pv.device, pv.deviceSize), remove, lvm.zeroStart(pv.device)];
  return [
    // No tag tells of the device any more: once LVM takes it for no part of the group, nothing else would.
    ...(standing.outdated
      ? [lvm.changeGroupTags(target, { add: loanTags(pv) }), lvm.updateMetadata(target)]
      : []),
    ...(standing.inGroup ? [lvm.vgreduce(target, pv.device)] : []),
    ...(standing.labelled && pv.make ? blank : []),
    ...(standing.labelled && forgetDevice ? [lvm.forgetDevice(pv.device)] : []),
    ...(standing.tagged ? [lvm.changeGroupTags(target, { drop: loanTags(pv) })] : []),
  ];
}

/** Never with --force: that would remove the origins (LVM itself suggests it). */
function repairGroup(action: Draft<GroupRepair>): lvm.Argv[] {
  const { target, leftovers, lost, activate, deactivate = [], resume = [] } = action;
  const tags = lost.flatMap(({ uuid, made }) => loanTags({ uuid, make: made }));
  return [
    ...resume.flatMap(lvm.settle),
    ...deactivate.map(lvm.deactivate),
    ...leftovers.map(lvm.removePartialVolume),
    // Before the device is out of the group: should this be cut too, it still tells that origins sleep.
    ...activate.map((origin) => lvm.activate(origin, false)),
    ...(lost.length > 0 ? [lvm.reduceMissing(target)] : []),
    ...(lost.length > 0 ? [lvm.changeGroupTags(target, { drop: tags })] : []),
  ];
}

/** What the kernel has of it goes first: once LVM has forgotten the volume, nothing tells of that. */
function removeVolume({ target, unmap }: { readonly target: string; readonly unmap?: boolean }): Step[] {
  const remove = toRun([lvm.removeVolume(target)]);
  if (!unmap) return remove;
  const [group, volume] = splitPath(target);
  return [...toRun([lvm.deactivate(target)]), { do: 'unmap', group, volume }, ...remove];
}

/** The tag goes last: wherever this is cut, it is done again. */
function releasePool({ pool: path, root, activate }: HeldPool): Step[] {
  const [group, pool] = splitPath(path);
  return [
    ...toRun(activate ? [lvm.activate(path, false)] : []),
    { do: 'release', group, pool, root },
    ...toRun(lvm.changeVolumeTags(path, [tag('held', root)], [])),
    ...toRun(activate ? [lvm.deactivate(path)] : []),
  ];
}

/** Until it gives errors when it is full it carries the run's tag: what a cut leaves of it is empty, and goes. */
function createPool(action: Draft<PoolCreate>): lvm.Argv[] {
  const [group, name] = splitPath(action.target);
  const { extents, metadataBytes: metadata, chunkSize, placement } = action;
  const { devices } = placement;
  return [
    lvm.createPool(group, { name, extents, metadata, chunkSize, tags: runTags(), devices }),
    lvm.settlePool(action.target),
    ...lvm.changeVolumeTags(action.target, runTags(), [OWNED]),
  ];
}

function createVolume({ target, identity, extents, bytes, placement, pool }: Draft<VolumeCreate>): lvm.Argv {
  const [group, name] = splitPath(target);
  const tags = [OWNED, ...identityTags(identity), ...stateTags({ state: 'incomplete' })];
  return pool === null
    ? lvm.createVolume(group, { name, extents, tags, devices: placement.devices })
    : lvm.createThin({ group, pool, name, bytes, tags });
}

/** Of a dead run until it is said to be complete: LVM writes its own metadata before the pool takes the snapshot. */
function createPoint({ target, head, copied, identity, deactivateHead }: Draft<PointCreate>): lvm.Argv[] {
  const [, name] = splitPath(target);
  const { time, digest } = copied ?? COPIED;
  const begun = [...runTags(), ...identityTags(identity), ...stateTags({ state: 'incomplete' })];
  const done = [
    ...[OWNED, ...identityTags(identity)],
    ...stateTags({ state: 'complete', time, ...(digest === null ? {} : { digest }) }),
  ];
  return [
    ...(deactivateHead ? [lvm.deactivate(head)] : []),
    lvm.createPoint(head, name, begun),
    ...lvm.changeVolumeTags(target, begun, done),
  ];
}

function createSnapshot(action: Draft<SnapshotCreate>): lvm.Argv[] {
  const { origin, extents, placement, activateOrigin, pool, writable = false } = action;
  const [, name] = splitPath(action.target);
  const tags = runTags();
  return [
    ...(activateOrigin ? [lvm.activate(origin, activateOrigin.ignoreSkip)] : []),
    pool === null
      ? lvm.createSnapshot(origin, { name, extents, tags, devices: placement.devices }, writable)
      : lvm.createThinSnapshot({ origin, name, tags, writable }),
  ];
}

export interface KeepStanding {
  readonly originActive: boolean;
  /** There is a base before it. */
  readonly replaces: boolean;
}

/**
 * Its tags say that it is the base before the one before it goes, and the name comes last: wherever this is cut, what
 * is there says how it goes on.
 */
export function keepCommands(action: Draft<SnapshotKeep>, standing: KeepStanding): lvm.Argv[] {
  const { target, base, pool } = action;
  const isThin = pool !== null;
  return [
    ...(action.tagged ? [] : lvm.changeVolumeTags(target, runTags(), [OWNED, ...baseTags(action.backup)])),
    ...(isThin ? [lvm.skipActivation(target), lvm.deactivate(target)] : []),
    ...(standing.replaces ? [lvm.removeVolume(base)] : []),
    lvm.renameVolume(target, base),
    ...endOriginCommands(action, standing.originActive),
  ];
}

export interface SnapshotStanding {
  readonly exists: boolean;
  readonly originActive: boolean;
  /**
   * LVM was killed while it made or removed it: it is a plain volume. `unsettled`: volumes of its group, `VG/LV`, whose
   * devices LVM was changing for that.
   */
  readonly torn?: { readonly unsettled: readonly string[] };
}

export function endSnapshotSteps(
  action: Draft<SnapshotRemove> | Draft<SnapshotKeep>,
  { exists, originActive, torn }: SnapshotStanding,
): Step[] {
  const backups = action.type === 'snapshot.remove' ? (action.deactivate ?? []) : [];
  const before = [
    ...(torn?.unsettled ?? []).flatMap(lvm.settle),
    ...backups.map(lvm.deactivate),
    // Before the snapshot goes: should this be cut too, it still tells whose origin sleeps.
    ...(action.type === 'snapshot.remove' && action.activateOrigin
      ? [lvm.activate(action.origin, false)]
      : []),
  ];
  return [
    ...toRun(before),
    ...(exists ? removeVolume({ target: action.target, unmap: torn !== undefined }) : []),
    ...toRun(endOriginCommands(action, originActive)),
  ];
}

/** An origin that was inactive becomes so again, and so does its pool. */
function endOriginCommands(
  { origin, deactivateOrigin, deactivatePool }: Draft<SnapshotRemove> | Draft<SnapshotKeep>,
  isActive: boolean,
): lvm.Argv[] {
  return [
    ...(isActive && deactivateOrigin ? [lvm.deactivate(origin)] : []),
    ...(deactivatePool === undefined ? [] : [lvm.deactivate(deactivatePool)]),
  ];
}
