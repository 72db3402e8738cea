/** What the actions on pools, heads and points do to the model of a group. */
import type { Volume } from '../lvm/inventory.ts';
import { type Bytes, bytesOf, type Extents, extents } from '../units.ts';
import type { ModelGroup } from './model.ts';

export function isThin({ pool, layout }: Volume): boolean {
  return pool !== null && layout.includes('thin');
}

/** The snapshots of a thin volume that is removed live on, and are no snapshots any more. */
export function orphanSnapshots(group: ModelGroup, name: string): void {
  for (const volume of group.volumes.values()) {
    if (volume.origin !== name || !isThin(volume)) continue;
    const roles = volume.roles.filter((role) => role !== 'snapshot' && role !== 'thinsnapshot');
    group.volumes.set(volume.name, { ...volume, origin: null, roles });
  }
}

/** The group's one spare for the metadata of all its pools; undefined where it has none. */
export function spareOf(volumes: Iterable<Volume>): Volume | undefined {
  for (const volume of volumes) if (volume.hidden && volume.roles.includes('spare')) return volume;
  return undefined;
}

/** LVM's name for a new spare: the first number that no volume of its kind has. */
export function spareName(names: ReadonlyMap<string, unknown>): string {
  for (let number = 0; ; number++) {
    const prefix = `lvol${number}`;
    if (![...names.keys()].some((name) => name === prefix || name.startsWith(`${prefix}_`))) {
      return `${prefix}_pmspare`;
    }
  }
}

export interface PoolParts {
  readonly group: string;
  readonly extentSize: Bytes;
  readonly tags: readonly string[];
  readonly chunkSize: Bytes;
}

/** The pool and its two hidden parts. Where their extents lie, who takes them says. */
export function poolVolumes(
  name: string,
  { group, extentSize, tags, chunkSize }: PoolParts,
  counts: { readonly data: Extents; readonly metadata: Extents },
): readonly [pool: Volume, data: Volume, metadata: Volume] {
  const part = (suffix: string, role: string, count: Extents) =>
    plain({ group, name: `${name}_${suffix}`, extentSize }, count, {
      roles: ['private', 'thin', 'pool', role],
      hidden: true,
    });
  const pool = plain({ group, name, extentSize }, counts.data, {
    ...{ roles: ['private'], layout: ['thin', 'pool'], tags, chunkSize },
  });
  return [pool, part('tdata', 'data', counts.data), part('tmeta', 'metadata', counts.metadata)];
}

/** An inactive volume of that many extents, linear unless the traits say otherwise. */
export function plain(
  { group, name, extentSize }: { readonly group: string; readonly name: string; readonly extentSize: Bytes },
  count: Extents,
  traits: Partial<Volume>,
): Volume {
  return {
    ...{ group, name, uuid: '', extents: count, size: bytesOf(count, extentSize) },
    ...{ roles: ['public'], layout: ['linear'], hidden: false, origin: null, pool: null, tags: [] },
    ...{ active: false, open: false, skipActivation: false, readOnly: false, health: '' },
    ...{ thinId: null, snapshotInvalid: false, merging: false, dataPercent: null, metadataPercent: null },
    ...{ chunkSize: null, allocation: [] },
    ...traits,
  };
}

/** Names of the volumes that go with a pool that is removed. */
export function partsOfPool(name: string, group: ModelGroup): string[] {
  const others = [...group.volumes.values()].some((one) => one.name !== name && isPool(one));
  const spare = others ? undefined : spareOf(group.volumes.values());
  return [`${name}_tdata`, `${name}_tmeta`, ...(spare ? [spare.name] : [])];
}

export function isPool({ layout }: Pick<Volume, 'layout'>): boolean {
  return layout.includes('pool') && layout.includes('thin');
}

/** Whether the volumes of a group are all lvmbackup's, so that nobody else minds what becomes of it. */
export function isAllOurs(volumes: Iterable<Volume>): boolean {
  for (const { tags, hidden } of volumes) {
    if (!hidden && !tags.includes('lvmbackup')) return false;
  }
  return true;
}

export function extentsOfSpare(volumes: Iterable<Volume>): Extents {
  return spareOf(volumes)?.extents ?? extents(0);
}
