/**
 * What dead runs left behind, found by the tags alone, and the actions that end it. They come before all others: what
 * is planned after them is planned on the machine as they leave it.
 */
import type { BlockDevice, DeviceProbe, Group, Inventory, PvUuid, Volume } from '../lvm/inventory.ts';
import { isLentUuid } from '../lvm/names.ts';
import { isOwned, readBackupRecord, tagValue, tagValues } from '../lvm/tags.ts';
import { bytes, bytesOf, extents } from '../units.ts';
import type { ActionId, PlannedPv } from './action.ts';
import { baseName, baseOf, isBase } from './base.ts';
import type { PlanBuilder } from './builder.ts';
import { splitPath } from './model.ts';
import { clockText } from './plan.ts';
import { refusal, restoreHint } from './problem-texts.ts';
import { holdsSame, pointIn } from './restore-points.ts';
import { isPool } from './thin-model.ts';

/** Adds the actions, and gives the inventory as it will be after them: the same one where nothing was left. */
export function emitRecovery(builder: PlanBuilder, inventory: Inventory): Inventory {
  const givenBack: PlannedPv[] = [];
  for (const group of [...inventory.groups.values()].sort(byName)) emitPartsAlone(builder, group);
  for (const group of [...inventory.groups.values()].sort(byName)) {
    const left = leftIn(group);
    if (left.leftovers.length === 0 && left.lent.length === 0 && left.halfKept.length === 0) continue;
    if (left.strangers.length > 0) builder.problem(cannotRepair(group, left));
    else givenBack.push(...emitGroup(builder, inventory, group, left));
  }
  for (const group of [...inventory.groups.values()].sort(byName)) emitQuiet(builder, group);
  for (const group of [...inventory.groups.values()].sort(byName)) emitMissingPoints(builder, group);
  for (const { uuid, ...one } of inventory.outdated) {
    if (uuid !== null && isReturned(inventory, uuid))
      givenBack.push(emitReturned(builder, inventory, { ...one, uuid }));
  }
  if (builder.actions.length === 0) return inventory;
  return withDevicesBack(builder.model.inventory(), givenBack);
}

const byName = (a: Group, b: Group) => (a.name < b.name ? -1 : 1);

interface Left {
  /** Bases without the name of one: of a run that was cut, or of an origin that was renamed. */
  readonly halfKept: readonly Volume[];
  /** Volumes of dead runs: snapshots, and plain volumes of an lvcreate that was killed. */
  readonly leftovers: readonly Volume[];
  /** UUIDs of the devices that are lent, whether they are there or not. */
  readonly lent: readonly PvUuid[];
  /** Those of them that LVM misses. */
  readonly lost: readonly PvUuid[];
  /** Other devices that LVM misses: nothing can be said of what lay on them. */
  readonly strangers: readonly PvUuid[];
}

function leftIn(group: Group): Left {
  const lent = tagValues(group.tags, 'lent');
  const missing = [...group.pvs.values()].filter(({ device }) => device === null).map(({ uuid }) => uuid);
  return {
    leftovers: [...group.volumes.values()].filter((volume) => isLeftover(group, volume)),
    halfKept: [...group.volumes.values()].filter((volume) => isHalfKept(group, volume)),
    lent,
    lost: missing.filter((uuid) => lent.includes(uuid)),
    strangers: missing.filter((uuid) => !lent.includes(uuid)),
  };
}

/**
 * An lvcreate or an lvremove that was killed leaves a plain volume with the tags of a snapshot, or of a base. A pool
 * that somebody has used since is no leftover any more, whatever its tags say.
 */
function isLeftover(group: Group, volume: Volume): boolean {
  const { name, tags, hidden, origin, layout } = volume;
  if (hidden || !isOwned(tags)) return false;
  if (tagValue(tags, 'run') === null) return isBase(volume) && origin === null && !layout.includes('thin');
  return !isPool({ layout }) || ![...group.volumes.values()].some(({ pool }) => pool === name);
}

/** What else has the base's name and is none stays, and then this one cannot have it. */
function isHalfKept(group: Group, volume: Volume): boolean {
  if (!isBase(volume) || volume.origin === null || volume.name === baseName(volume.origin)) return false;
  return !group.volumes.has(baseName(volume.origin)) || baseOf(group, volume.origin) !== null;
}

/** LVM takes every missing device out at once, so it may be asked to only where all of them were lent. */
function cannotRepair(group: Group, { strangers }: Left) {
  const away = strangers.flatMap((uuid) => group.pvs.get(uuid) ?? []);
  return refusal(
    'group-unusable',
    { group: group.name },
    `a dead run left something in ${group.name}, and another device of it is missing (${strangers.join(', ')})`,
    restoreHint(group.name, away) ?? 'bring that device back first; nothing is taken out of the group before',
  );
}

const RECOVERS = { recovers: true } as const;

function emitGroup(builder: PlanBuilder, inventory: Inventory, group: Group, left: Left): PlannedPv[] {
  const needs =
    left.lost.length > 0
      ? [emitRepair(builder, inventory, group, left)]
      : emitRemovals(builder, inventory, group, left);
  if (left.lost.length === 0) emitWaking(builder, inventory, group, left);
  for (const volume of left.halfKept) emitKept(builder, group, volume);
  return left.lent
    .filter((uuid) => !left.lost.includes(uuid) && !isReturned(inventory, uuid))
    .map((uuid) => emitGivingBack(builder, inventory, group, uuid, needs));
}

function emitRemovals(builder: PlanBuilder, inventory: Inventory, group: Group, left: Left): ActionId[] {
  return left.leftovers.map((volume) => {
    const target = `${group.name}/${volume.name}`;
    const taken = volume.pool === null ? volume.extents : extents(0);
    const size = { extents: taken, bytes: bytesOf(taken, group.extentSize) };
    const run = tagValue(volume.tags, 'run');
    const reason = run === null ? 'what is left of a base' : `left by the run of ${run}, which is dead`;
    const ofPoint = isHalfMadePoint(volume) ? tagValue(volume.tags, 'source') : null;
    if (ofPoint !== null) {
      const about = { ...RECOVERS, unit: ofPoint, target, extents: volume.extents, bytes: volume.size };
      return builder.add({ type: 'point.remove', ...about, reason: `${reason}: a point that is half made` });
    }
    if (volume.origin === null)
      return builder.add({ type: 'volume.remove', ...RECOVERS, target, ...size, reason });
    const origin = `${group.name}/${volume.origin}`;
    const quiet = leftActive(builder, inventory, origin);
    const asleep = group.autoactivation && isAsleep(group, volume.origin);
    return builder.add({
      ...{ type: 'snapshot.remove', ...RECOVERS, unit: origin, target, origin, ...size, reason },
      ...{ deactivateOrigin: false, deactivate: quiet, ...(asleep ? { activateOrigin: true } : {}) },
    });
  });
}

/** The copy was complete when the snapshot got its tags: it lacks the end of the base before it, and the name. */
function emitKept(builder: PlanBuilder, group: Group, volume: Volume): void {
  const origin = volume.origin ?? '';
  const sizeOf = ({ pool, extents: count }: Volume) => {
    const taken = pool === null ? count : extents(0);
    return { extents: taken, bytes: bytesOf(taken, group.extentSize) };
  };
  const before = baseOf(group, origin);
  builder.add({
    ...{ type: 'snapshot.keep', ...RECOVERS, tagged: true, deactivateOrigin: false },
    unit: `${group.name}/${origin}`,
    target: `${group.name}/${volume.name}`,
    base: `${group.name}/${baseName(origin)}`,
    origin: `${group.name}/${origin}`,
    pool: volume.pool === null ? null : `${group.name}/${volume.pool}`,
    backup: tagValue(volume.tags, 'base') ?? '',
    replaces: before ? sizeOf(before) : null,
    ...sizeOf(volume),
    reason: 'a base that lacks its name: a run was cut, or its origin has another name now',
  });
}

/** A thin snapshot that names a source: it was to be a restore point. The snapshot of a source names none. */
function isHalfMadePoint({ pool, tags }: Volume): boolean {
  return pool !== null && tagValue(tags, 'source') !== null;
}

/**
 * A head that is complete, without the point that was to follow: the next copy would write over the only place that
 * holds that state.
 */
function emitMissingPoints(builder: PlanBuilder, group: Group): void {
  if (group.unusable !== null) return;
  // As it will be when what is half made is gone: a half-made point holds its name, and no state.
  const volumes = builder.model.group(group.name)?.volumes ?? group.volumes;
  const points = [...volumes.values()].flatMap((volume) => pointIn(volume) ?? []);
  for (const head of points) {
    const time = head.time === null ? null : clockText(head.time);
    if (head.kind !== 'head' || head.state !== 'complete' || time === null) continue;
    if (!isOfOurPool(group, head.volume) || points.some((one) => one !== head && holdsSame(one, head)))
      continue;
    const target = `${head.path}.${time.replace(/[-:]/g, '')}`;
    if (volumes.has(splitPath(target)[1])) continue;
    const { source, sourceId, digest, volume } = head;
    builder.add({
      ...{ type: 'point.create', ...RECOVERS, unit: source, target, head: head.path },
      copied: { time, digest },
      deactivateHead: volume.active && !volume.open,
      ...{ extents: volume.extents, bytes: volume.size },
      identity: { source, sourceId, host: head.host ?? '', size: head.size ?? volume.size },
      reason: 'its copy was completed, and the run ended before the point was made',
    });
  }
}

function isOfOurPool(group: Group, { pool }: Volume): boolean {
  return pool !== null && isOwned(group.volumes.get(pool)?.tags ?? []);
}

/**
 * Where a recovery was cut after it removed the snapshots, nothing tells any more which origins it would have
 * activated: then all that LVM activates by itself when the machine boots.
 */
function ownVolumes(group: Group): string[] {
  if (!group.autoactivation) return [];
  const volumes = [...group.volumes.values()];
  return volumes.filter(({ hidden, tags }) => !hidden && !isOwned(tags)).map(({ name }) => name);
}

/**
 * The same where the device is there: a boot without it left them asleep, and a recovery was cut just before it would
 * have activated them. Only what there are copies of: the run had lent the device for none but these.
 */
function emitWaking(
  builder: PlanBuilder,
  inventory: Inventory,
  group: Group,
  { leftovers, lent }: Left,
): void {
  if (lent.length === 0) return;
  const asleep = sleepingSources(inventory, group).filter((name) =>
    leftovers.every(({ origin }) => origin !== name),
  );
  if (asleep.length === 0) return;
  builder.add({
    ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [] },
    activate: asleep.map((name) => `${group.name}/${name}`),
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'LVM refused to activate it while the device that a dead run lent was away',
  });
}

/** Sources of backups that are not active, though a boot activates them. */
function sleepingSources(inventory: Inventory, group: Group): string[] {
  const sources = sourceIds(inventory);
  return ownVolumes(group).filter(
    (name) => isAsleep(group, name) && sources.has(`${group.uuid}/${group.volumes.get(name)?.uuid}`),
  );
}

/** Whose copies the machine's backup volumes are. */
function sourceIds(inventory: Inventory): Set<string> {
  const volumes = [...inventory.groups.values()].flatMap((group) => [...group.volumes.values()]);
  return new Set(volumes.flatMap(({ tags }) => readBackupRecord(tags)?.sourceId ?? []));
}

/** An origin that would be active, had LVM not refused it for want of a device. */
function isAsleep(group: Group, name: string): boolean {
  const volume = group.volumes.get(name);
  return volume !== undefined && !volume.active && !volume.skipActivation;
}

/**
 * Backup volumes of that source that the dead run was writing to: between runs they are inactive. A complete one too:
 * the run may have died just before it was deactivated.
 */
function leftActive(builder: PlanBuilder, inventory: Inventory, source: string): string[] {
  return [...inventory.groups.values()].flatMap((group) =>
    activeCopies(builder, group)
      .filter(({ tags }) => readBackupRecord(tags)?.source === source)
      .map(({ name }) => `${group.name}/${name}`),
  );
}

/** What nobody looks at, and no action before deactivates. */
function activeCopies(builder: PlanBuilder, group: Group): Volume[] {
  return [...group.volumes.values()].filter(
    ({ tags, name, active, open }) =>
      active &&
      !open &&
      readBackupRecord(tags) !== null &&
      builder.model.volume(`${group.name}/${name}`)?.active === true,
  );
}

/**
 * An LVM command that was killed while it activated a pool leaves a part of it active by itself, and LVM refuses to
 * activate the pool, or to remove anything in it, until that part is not. Only of pools that are ours, or that hold
 * what a dead run left.
 */
function emitPartsAlone(builder: PlanBuilder, group: Group): void {
  if (group.unusable !== null) return;
  const volumes = [...group.volumes.values()];
  const pools = volumes.filter(
    (pool) =>
      isPool(pool) &&
      !pool.active &&
      (isOwned(pool.tags) || volumes.some((one) => one.pool === pool.name && isLeftover(group, one))),
  );
  const alone = pools
    .flatMap(({ name }) => [`${name}_tmeta`, `${name}_tdata`])
    .filter((name) => group.volumes.get(name)?.active === true && group.volumes.get(name)?.open === false);
  if (alone.length === 0) return;
  builder.add({
    ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [], activate: [] },
    deactivate: alone.map((name) => `${group.name}/${name}`),
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'a dead run was activating the pool: LVM refuses to while a part of it is active by itself',
  });
}

/** Copies that a dead run left active though no snapshot tells of it: of plain devices, or it is removed already. */
function emitQuiet(builder: PlanBuilder, group: Group): void {
  const left = activeCopies(builder, group).filter(
    ({ tags }) => readBackupRecord(tags)?.state === 'incomplete',
  );
  if (left.length === 0) return;
  builder.add({
    ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [], activate: [] },
    deactivate: left.map(({ name }) => `${group.name}/${name}`),
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'a dead run was writing to it: between runs the copies are inactive',
  });
}

function emitRepair(
  builder: PlanBuilder,
  inventory: Inventory,
  group: Group,
  { leftovers, lost }: Left,
): ActionId {
  const origins = [...new Set(leftovers.flatMap(({ origin }) => origin ?? []))];
  // A recovery that was cut may have removed some of the snapshots already.
  const known = [...new Set([...origins, ...sleepingSources(inventory, group)])];
  const asleep = (leftovers.length > 0 ? known : ownVolumes(group)).filter((name) => isAsleep(group, name));
  const quiet = origins.flatMap((name) => leftActive(builder, inventory, `${group.name}/${name}`));
  const taken = leftovers.reduce((sum, volume) => sum + volume.extents, 0);
  return builder.add({
    type: 'group.repair',
    ...RECOVERS,
    target: group.name,
    leftovers: leftovers.map(({ name }) => `${group.name}/${name}`),
    lost: lost.map((uuid) => ({ uuid, made: tagValues(group.tags, 'made').includes(uuid) })),
    activate: asleep.map((name) => `${group.name}/${name}`),
    ...(quiet.length > 0 ? { deactivate: quiet } : {}),
    extents: extents(taken),
    bytes: bytesOf(extents(taken), group.extentSize),
    reason: `the device that a dead run lent to it is gone (${lost.join(', ')})`,
  });
}

function emitGivingBack(
  builder: PlanBuilder,
  inventory: Inventory,
  group: Group,
  uuid: PvUuid,
  needs: readonly ActionId[],
): PlannedPv {
  const member = group.pvs.get(uuid);
  const found = member ?? inventory.orphans.get(uuid);
  const device = found?.device ?? uuid;
  const pv: PlannedPv = {
    ...{ device, named: device, uuid, make: tagValues(group.tags, 'made').includes(uuid) },
    deviceSize: inventory.devices?.byPath.get(device)?.size ?? found?.deviceSize ?? bytes(0),
    extents: member?.extents ?? extents(0),
  };
  builder.add({
    ...{
      type: 'group.reduce',
      ...RECOVERS,
      target: group.name,
      device,
      pv,
      needs: needs.length > 0 ? needs : undefined,
    },
    standing: { inGroup: member !== undefined, labelled: found !== undefined, tagged: true, outdated: false },
    forgetDevice: inventory.devicesFile !== null && found !== undefined && pv.make,
    extents: pv.extents,
    bytes: bytesOf(pv.extents, group.extentSize),
    reason: 'lent by a run that is dead',
  });
  return pv;
}

/** Our label proves whose it is; of a physical volume that was there before, nothing does. */
function isReturned(inventory: Inventory, uuid: PvUuid): boolean {
  return isLentUuid(uuid) && inventory.outdated.some((one) => one.uuid === uuid);
}

/** A disk that was away while its loan was ended: LVM calls it outdated until it is told that it is out. */
function emitReturned(
  builder: PlanBuilder,
  inventory: Inventory,
  { device, group, uuid }: { device: string; group: string; uuid: PvUuid },
): PlannedPv {
  const deviceSize = inventory.devices?.byPath.get(device)?.size ?? bytes(0);
  const pv: PlannedPv = { device, named: device, uuid, make: true, deviceSize, extents: extents(0) };
  builder.add({
    ...{ type: 'group.reduce', ...RECOVERS, target: group, device, pv },
    standing: { inGroup: false, labelled: true, tagged: true, outdated: true },
    forgetDevice: inventory.devicesFile !== null,
    ...{ extents: extents(0), bytes: bytes(0) },
    reason: 'lent by a run that is dead, and away while that was put right',
  });
  return pv;
}

/** The block devices as they will be: nothing of ours on those that were given back. */
function withDevicesBack(inventory: Inventory, pvs: readonly PlannedPv[]): Inventory {
  const { devices } = inventory;
  if (!devices) return { ...inventory, outdated: [] };
  const byPath = new Map(devices.byPath);
  const probes = new Map(devices.probes);
  for (const { device, make } of pvs) {
    const known = byPath.get(device);
    if (known) byPath.set(device, released(known, make));
    const probe = probes.get(device);
    if (probe && make) probes.set(device, blank(probe));
  }
  return { ...inventory, outdated: [], devices: { ...devices, byPath, probes } };
}

function released(device: BlockDevice, made: boolean): BlockDevice {
  return { ...device, children: [], ...(made ? { fsType: null } : {}) };
}

function blank(probe: DeviceProbe): DeviceProbe {
  return { ...probe, signature: null, uuid: null, signatures: [], exclusive: true, zeroEnds: true };
}
