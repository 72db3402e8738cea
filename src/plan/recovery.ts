/**
 * What dead runs left behind, found by the tags alone, and the actions that end it. They come before all others: what
 * is planned after them is planned on the machine as they leave it.
 */
import type { Group, Inventory, Volume } from '../lvm/inventory.ts';
import { tagValue, tagValues } from '../lvm/tags.ts';
import { bytesOf, extents } from '../units.ts';
import type { ActionId, PlannedPv } from './action.ts';
import { baseName, baseOf } from './base.ts';
import type { PlanBuilder } from './builder.ts';
import { isAsleep, type Left, leftIn, RECOVERS } from './left.ts';
import { refusal, restoreHint } from './problem-texts.ts';
import { emitQuiet, emitWaking, leftActive, ownVolumes, sleepingSources } from './recovery-active.ts';
import { emitGivingBack, emitReturned, isReturned, withDevicesBack } from './recovery-devices.ts';
import { emitResuming, isFormerSnapshot } from './recovery-mapped.ts';
import { emitHeld, emitMissingPoints, emitPartsAlone } from './recovery-pools.ts';

/** Adds the actions, and gives the inventory as it will be after them: the same one where nothing was left. */
export function emitRecovery(builder: PlanBuilder, inventory: Inventory): Inventory {
  const givenBack: PlannedPv[] = [];
  const groups = [...inventory.groups.values()].sort(byName);
  for (const group of groups) emitPartsAlone(builder, group);
  for (const group of groups) {
    const left = leftIn(group);
    if (left.leftovers.length === 0 && left.lent.length === 0 && left.halfKept.length === 0) continue;
    if (left.strangers.length > 0) builder.problem(cannotRepair(group, left));
    else givenBack.push(...emitGroup(builder, inventory, group, left));
  }
  for (const group of groups) emitQuiet(builder, group);
  for (const group of groups) emitMissingPoints(builder, group);
  for (const group of groups) emitHeld(builder, group);
  for (const { uuid, ...one } of inventory.outdated) {
    if (uuid !== null && isReturned(inventory, uuid))
      givenBack.push(emitReturned(builder, inventory, { ...one, uuid }));
  }
  if (builder.actions.length === 0) return inventory;
  return withDevicesBack(builder.model.inventory(), givenBack);
}

const byName = (a: Group, b: Group) => (a.name < b.name ? -1 : 1);

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

function emitGroup(builder: PlanBuilder, inventory: Inventory, group: Group, left: Left): PlannedPv[] {
  emitResuming(builder, group);
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
    if (volume.origin === null) {
      const about = { ...RECOVERS, target, ...size, reason };
      const unmap = isFormerSnapshot(volume) ? ({ unmap: true } as const) : {};
      return builder.add({ type: 'volume.remove', ...about, ...unmap });
    }
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
