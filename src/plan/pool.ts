/** The thin pool of the backup group: there, to be created, or not to be had; and whether it has room. */

import type { Group, Volume } from '../lvm/inventory.ts';
import { type PoolExtents, poolOfData, poolWithin } from '../lvm/pool-size.ts';
import { isOwned, tagValue } from '../lvm/tags.ts';
import type { PoolSpec } from '../spec/spec.ts';
import { bytesOf, extents, extentsFor } from '../units.ts';
import { bytesText } from '../units-text.ts';
import type { ActionId, CopyAction } from './action.ts';
import { availableFor } from './allocate.ts';
import type { BackupGroup } from './backup-group.ts';
import type { PlanBuilder } from './builder.ts';
import type { PlanInput } from './input.ts';
import { freeOf, type ModelGroup } from './model.ts';
import { placementFor } from './placement.ts';
import { refusal } from './problem-texts.ts';
import { extentsOfSpare, isPool } from './thin-model.ts';

/** The backup group with its pool, where the file asks for one. */
export function preparePool(builder: PlanBuilder, input: PlanInput, group: BackupGroup): BackupGroup {
  const { pool, name } = input.spec.group;
  if (group.kind !== 'ready' || pool === null) return group;
  const model = builder.model.group(name);
  if (!model) return group;
  const path = `${name}/${pool.name}`;
  const there = model.volumes.get(pool.name);
  if (!there) return createPool(builder, model, path, pool, group.needs);
  const refuse = (
    code: 'not-owned' | 'name-taken' | 'group-unusable',
    what: string,
    hint: string,
  ): BackupGroup => {
    builder.problem(refusal(code, { group: name }, `${path} ${what}`, hint));
    return { kind: 'refused' };
  };
  if (!isPool(there))
    return refuse('name-taken', 'is no thin pool', 'give the pool another name (group.pool)');
  if (!isOwned(there.tags)) {
    return refuse(
      'not-owned',
      "is a pool that is not lvmbackup's: it carries no lvmbackup tag",
      `give the pool another name (group.pool), or, where it is for backups alone: lvchange --addtag lvmbackup ${path}`,
    );
  }
  if (there.health !== '') {
    return refuse(
      'group-unusable',
      `is not well (${there.health})`,
      `see \`lvs -a -o+lv_health_status ${name}\``,
    );
  }
  return group;
}

function createPool(
  builder: PlanBuilder,
  group: ModelGroup,
  target: string,
  pool: PoolSpec,
  needs: readonly ActionId[],
): BackupGroup {
  const { extentSize } = group;
  const { data, metadata, spare } = sized(pool, group);
  const all = extents(data + metadata + spare);
  const id = builder.add({
    type: 'pool.create',
    ...(needs.length > 0 ? { needs } : {}),
    target,
    ...{ extents: data, bytes: bytesOf(data, extentSize) },
    ...{ metadataExtents: metadata, metadataBytes: bytesOf(metadata, extentSize), spareExtents: spare },
    chunkSize: pool.chunkSize,
    placement: placementFor(group, all),
    reason: 'the pool of the restore points does not exist',
  });
  return { kind: 'ready', needs: [...needs, id] };
}

/** A part of what is free holds all of it, as with lvcreate; a size is that of the data. At least one extent. */
function sized({ size, chunkSize: chunk, metadata }: PoolSpec, group: ModelGroup): PoolExtents {
  const { extentSize, volumes } = group;
  const sizing = { chunk, metadata, extentSize, spareThere: extentsOfSpare(volumes.values()) };
  const atLeastOne = (made: PoolExtents) => ({ ...made, data: extents(Math.max(1, made.data)) });
  switch (size.unit) {
    case 'bytes':
      return poolOfData(extentsFor(size.bytes, extentSize), sizing);
    case 'extents':
      return poolOfData(size.extents, sizing);
    case '%FREE':
      return atLeastOne(poolWithin(extents(Math.floor((size.percent * freeOf(group)) / 100)), sizing));
    case '%ORIGIN':
      // The file is refused before: a pool has no origin.
      return poolWithin(extents(availableFor(group)), sizing);
  }
}

/** How full a pool is, in percent, and who says so. */
export interface Fill {
  readonly data: number;
  readonly metadata: number;
  /** LVM says it now; else the last run said it, and points may have gone since. */
  readonly live: boolean;
}

/** null where nobody can say: it is inactive, and no run has looked at it. */
export function fillOf(group: Pick<Group, 'volumes'>, pool: Volume): Fill | null {
  if (pool.dataPercent !== null && pool.metadataPercent !== null) {
    return { data: pool.dataPercent, metadata: pool.metadataPercent, live: true };
  }
  const [last] = [...group.volumes.values()]
    .filter((volume) => volume.pool === pool.name && tagValue(volume.tags, 'used') !== null)
    .sort((a, b) => ((tagValue(a.tags, 'time') ?? '') < (tagValue(b.tags, 'time') ?? '') ? 1 : -1));
  const [, data, metadata] = /^([\d.]+):([\d.]+)$/.exec(tagValue(last?.tags ?? [], 'used') ?? '') ?? [];
  return data === undefined ? null : { data: Number(data), metadata: Number(metadata), live: false };
}

const NEARLY_FULL = 90;

/**
 * Whether the copies fit. First copies that are larger than what the pool can still take are refused where that is
 * certain; a refresh takes only what changed, so it can only be warned of.
 */
export function checkRoom(builder: PlanBuilder, input: PlanInput): void {
  const { pool: spec, name } = input.spec.group;
  const group = builder.model.group(name);
  const pool = spec === null ? undefined : group?.volumes.get(spec.name);
  if (!group || !pool || !isPool(pool)) return;
  const before = input.inventory.groups.get(name);
  const known = before?.volumes.get(pool.name);
  const fill = known && before ? fillOf(before, known) : { data: 0, metadata: 0, live: true };
  const copies = builder.actions.filter(
    (action): action is CopyAction => action.type === 'copy' && action.pool !== null,
  );
  if (copies.length > 0) checkCopies(builder, { pool, fill, copies, path: `${name}/${pool.name}` });
}

interface Room {
  readonly pool: Volume;
  readonly path: string;
  readonly fill: Fill | null;
  readonly copies: readonly CopyAction[];
}

function checkCopies(builder: PlanBuilder, { pool, path, fill, copies }: Room): void {
  const free = Math.floor(pool.size * (1 - (fill?.data ?? 0) / 100));
  const sum = (list: readonly CopyAction[]) => list.reduce((total, { bytes }) => total + bytes, 0);
  const first = sum(copies.filter(({ targetReadsZero }) => targetReadsZero));
  const certain = fill?.live === true ? free : pool.size;
  const about = { group: path.slice(0, path.indexOf('/')), action: copies[0]?.id ?? 0 };
  const state =
    fill === null
      ? ''
      : `, ${fill.data.toFixed(1)}% of its data and ${fill.metadata.toFixed(1)}% of its metadata are taken`;
  const text = (size: number) => bytesText(size as Volume['size']);
  if (first > certain) {
    builder.problem({
      code: 'insufficient-space',
      severity: 'error',
      ...about,
      ...shortage(pool, builder, first, certain),
      message: `first copies of ${text(first)} do not fit into the pool ${path}, which can take ${text(certain)}${state}`,
      hint: `make the pool larger: lvextend -L +… ${path}, and before it its metadata (--poolmetadatasize)`,
    });
    return;
  }
  const metadataIsTight = (fill?.metadata ?? 0) > NEARLY_FULL;
  if (sum(copies) <= free && !metadataIsTight) return;
  builder.problem({
    code: 'may-overflow',
    severity: 'warning',
    ...about,
    message: `the pool ${path} of ${text(pool.size)} may become full${state}: a copy that finds no room fails, and its head stays incomplete; the points are not touched`,
    hint: `keep fewer points (keep), or make it larger: lvextend -L +… ${path}${metadataIsTight ? `, lvextend --poolmetadatasize +… ${path}` : ''}`,
  });
}

function shortage(pool: Volume, builder: PlanBuilder, needed: number, available: number) {
  const extentSize = builder.model.group(pool.group)?.extentSize ?? pool.size;
  return {
    extentSize,
    needed: Math.ceil(needed / extentSize),
    available: Math.floor(available / extentSize),
  };
}
