/**
 * How large LVM makes a COW snapshot.
 *
 * A COW store begins with a header chunk; then areas follow, each one chunk of 16-byte exceptions and the data
 * chunks that they tell of. The formulas are those of LVM's `lib/metadata/snapshot_manip.c` (`_cow_max_size`,
 * `cow_max_extents`) and `tools/lvcreate.c` (percent of the origin), for kernels since 3.14.
 */
import { type Bytes, bytes, bytesOf, type Extents, extents, extentsFor } from '../units.ts';

/** What lvcreate takes where it is not told. */
export const DEFAULT_COW_CHUNK = bytes(4096);

const EXCEPTION = 16;
/** Header, one metadata chunk, one data chunk. */
const MINIMUM_CHUNKS = 3;

/** The largest snapshot that is of use: every chunk of the origin and all metadata fit, it can never overflow. */
export function neverOverflowExtents(
  origin: Bytes,
  extentSize: Bytes,
  chunk: Bytes = DEFAULT_COW_CHUNK,
): Extents {
  const dataChunks = Math.ceil(origin / chunk);
  const exceptionsPerChunk = (chunk / EXCEPTION) | 0;
  // One more than needed where the division is even: the terminator wants a place.
  const metadataChunks = Math.floor((dataChunks + exceptionsPerChunk) / exceptionsPerChunk);
  return extentsFor(bytes((1 + dataChunks + metadataChunks) * chunk), extentSize);
}

/** `N%ORIGIN` as lvcreate counts it: that part of the origin, and the metadata of the whole of it on top. */
export function percentOfOriginExtents(percent: number, originExtents: Extents, extentSize: Bytes): Extents {
  const most = neverOverflowExtents(bytesOf(originExtents, extentSize), extentSize);
  const part = Math.ceil((percent * originExtents) / 100);
  return extents(Math.min(most, most - originExtents + part));
}

/** The fewest extents that hold a COW store at all. */
export function smallestSnapshotExtents(extentSize: Bytes): Extents {
  return extentsFor(bytes(MINIMUM_CHUNKS * DEFAULT_COW_CHUNK), extentSize);
}
