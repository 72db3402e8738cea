/** From a size as written to extents of the group in which it is allocated. */
import { neverOverflowExtents, percentOfOriginExtents, smallestSnapshotExtents } from '../lvm/cow-size.ts';
import type { Volume } from '../lvm/inventory.ts';
import type { Size } from '../spec/spec.ts';
import { type Bytes, bytesOf, type Extents, extents, extentsFor } from '../units.ts';

export interface SnapshotSizing {
  readonly origin: Volume;
  readonly extentSize: Bytes;
  /** Free extents of the group at this step, a lent device included. */
  readonly free: Extents;
}

/** The count that LVM takes for the same words; more than the largest useful snapshot is never asked for. */
export function snapshotExtents(size: Size, { origin, extentSize, free }: SnapshotSizing): Extents {
  const most = neverOverflowExtents(bytesOf(origin.extents, extentSize), extentSize);
  const asked = asExtents(
    size,
    extentSize,
    () => free,
    (percent) => percentOfOriginExtents(percent, origin.extents, extentSize),
  );
  return extents(Math.min(most, Math.max(asked, smallestSnapshotExtents(extentSize))));
}

/** Whether a snapshot of that many extents can overflow. */
export function canOverflow(count: Extents, origin: Volume, extentSize: Bytes): boolean {
  return count < neverOverflowExtents(bytesOf(origin.extents, extentSize), extentSize);
}

/** Extents of a backup volume that holds `sourceBytes`, and at least `wanted` where the file asks for more. */
export function backupExtents(
  wanted: Size | null,
  sourceBytes: Bytes,
  extentSize: Bytes,
  free: () => Extents,
): Extents {
  const needed = extentsFor(sourceBytes, extentSize);
  if (wanted === null) return needed;
  const asked = asExtents(wanted, extentSize, free, (percent) =>
    extents(Math.ceil((sourceBytes * percent) / 100 / extentSize)),
  );
  return extents(Math.max(needed, asked));
}

/** A part of the origin is another count for a snapshot, whose own metadata counts, than for a copy. */
function asExtents(
  size: Size,
  extentSize: Bytes,
  free: () => Extents,
  ofOrigin: (percent: number) => Extents,
): Extents {
  switch (size.unit) {
    case 'bytes':
      return extentsFor(size.bytes, extentSize);
    case 'extents':
      return size.extents;
    case '%ORIGIN':
      return ofOrigin(size.percent);
    case '%FREE':
      return percentOfFree(size.percent, free());
  }
}

/** LVM rounds a part of what is free down. */
function percentOfFree(percent: number, free: Extents): Extents {
  return extents(Math.floor((percent * free) / 100));
}
