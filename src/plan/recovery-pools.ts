/** What dead runs left of pools: a part that is active alone, a head without its point, a metadata snapshot. */
import type { Group, Volume } from '../lvm/inventory.ts';
import { isOwned, tagValue } from '../lvm/tags.ts';
import { bytes, extents } from '../units.ts';
import type { PlanBuilder } from './builder.ts';
import { isLeftover, RECOVERS } from './left.ts';
import { splitPath } from './model.ts';
import { clockText } from './plan.ts';
import { holdsSame, pointIn } from './restore-points.ts';
import { isPool } from './thin-model.ts';

/**
 * An LVM command that was killed while it activated a pool leaves a part of it active by itself, and LVM refuses to
 * activate the pool, or to remove anything in it, until that part is not. Only of pools that are ours, or that hold
 * what a dead run left.
 */
export function emitPartsAlone(builder: PlanBuilder, group: Group): void {
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

/**
 * A head that is complete, without the point that was to follow: the next copy would write over the only place that
 * holds that state.
 */
export function emitMissingPoints(builder: PlanBuilder, group: Group): void {
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

/** Its tag tells that a run was reading the pool's metadata; what it reserved for that stays over a reboot. */
export function emitHeld(builder: PlanBuilder, group: Group): void {
  if (builder.model.group(group.name)?.unusable !== null) return;
  for (const { name, tags, active } of [...group.volumes.values()].filter(isPool)) {
    const root = tagValue(tags, 'held');
    if (root === null) continue;
    builder.add({
      ...{ type: 'group.repair', ...RECOVERS, target: group.name, leftovers: [], lost: [], activate: [] },
      release: [{ pool: `${group.name}/${name}`, root, activate: !active }],
      ...{ extents: extents(0), bytes: bytes(0) },
      reason: 'a dead run was reading its metadata: nobody else can while it is reserved',
    });
  }
}
