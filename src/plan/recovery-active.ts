/** Copies that dead runs left active, and sources that they left asleep. */
import type { Group, Inventory, Volume } from '../lvm/inventory.ts';
import { isOwned, readBackupRecord } from '../lvm/tags.ts';
import { bytes, extents } from '../units.ts';
import type { PlanBuilder } from './builder.ts';
import { isAsleep, type Left, RECOVERS } from './left.ts';

/**
 * Where a recovery was cut after it removed the snapshots, nothing tells any more which origins it would have
 * activated: then all that LVM activates by itself when the machine boots.
 */
export function ownVolumes(group: Group): string[] {
  if (!group.autoactivation) return [];
  const volumes = [...group.volumes.values()];
  return volumes.filter(({ hidden, tags }) => !hidden && !isOwned(tags)).map(({ name }) => name);
}

/**
 * The same where the device is there: a boot without it left them asleep, and a recovery was cut just before it would
 * have activated them. Only what there are copies of: the run had lent the device for none but these.
 */
export function emitWaking(
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
export function sleepingSources(inventory: Inventory, group: Group): string[] {
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

/**
 * Backup volumes of that source that the dead run was writing to: between runs they are inactive. A complete one too:
 * the run may have died just before it was deactivated.
 */
export function leftActive(builder: PlanBuilder, inventory: Inventory, source: string): string[] {
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

/** Copies that a dead run left active though no snapshot tells of it: of plain devices, or it is removed already. */
export function emitQuiet(builder: PlanBuilder, group: Group): void {
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
