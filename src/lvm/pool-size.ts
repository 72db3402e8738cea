/**
 * What a thin pool takes of its group: its data, its metadata, and a spare of the same size as the metadata, of which
 * a group has one for all its pools. `lvcreate -l N%FREE` counts all three into the part that it takes.
 */
import { type Bytes, bytes, type Extents, extents, extentsFor, GiB, MiB } from '../units.ts';

/** LVM takes no more than a little above this. */
const MOST_METADATA = bytes(15 * GiB);

/** Of each chunk of data: a mapping of 16 bytes, and as much again for each of some thirty points that share it. */
const METADATA_OF_A_CHUNK = 512;
const USUAL_LEAST = 4 * MiB;

/** What we take where the file says nothing: enough for many points, for metadata that is full is the end of a pool. */
export function usualMetadata(data: Bytes, chunk: Bytes): Bytes {
  const wanted = Math.ceil(data / chunk) * METADATA_OF_A_CHUNK;
  return bytes(Math.min(MOST_METADATA, Math.max(USUAL_LEAST, wanted)));
}

export interface PoolExtents {
  readonly data: Extents;
  readonly metadata: Extents;
  /** What the spare takes or grows by. */
  readonly spare: Extents;
}

export interface PoolSizing {
  readonly chunk: Bytes;
  /** null: the usual one. */
  readonly metadata: Bytes | null;
  readonly extentSize: Bytes;
  /** Extents of the spare that the group has already. */
  readonly spareThere: Extents;
}

/** A pool with so much room for data: metadata and spare come on top. */
export function poolOfData(data: Extents, sizing: PoolSizing): PoolExtents {
  return { data, ...besideData(data, sizing) };
}

/** A pool that takes so many extents with all that belongs to it; no data where the rest alone takes as many. */
export function poolWithin(all: Extents, sizing: PoolSizing): PoolExtents {
  const { metadata, spare } = besideData(all, sizing);
  return { data: extents(Math.max(0, all - metadata - spare)), metadata, spare };
}

function besideData(data: Extents, { chunk, metadata, extentSize, spareThere }: PoolSizing) {
  const wanted = metadata ?? usualMetadata(bytes(data * extentSize), chunk);
  const count = extentsFor(wanted, extentSize);
  return { metadata: count, spare: extents(Math.max(0, count - spareThere)) };
}
