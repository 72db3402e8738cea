/**
 * The chunks in which two targets differ, by what their manifests say: what one of them lacks of the content of the
 * other. The two have keys of their own, so SHA-256 is what is compared. Whatever either does not tell counts as a
 * difference; a few pages of each are in memory at a time.
 */
import { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { chunkCount, rangeOf } from './chunk.ts';
import { readDirty } from './dirty-mark.ts';
import { type Entries, entryAt, isKnown, sha256Of } from './entry.ts';
import { type OpenManifest, openManifest } from './manifest-reader.ts';

type Readable = Pick<OpenManifest, 'pages'> & { readonly header: Pick<OpenManifest['header'], 'size'> };

/** Chunks that are looked through in one go. */
const STRETCH = 4096;

/** `size`: of the source now; what lies beyond is left out, and what lies beyond one of the two is in it. */
export async function manifestDifference(one: Readable, other: Readable, size: Bytes): Promise<RangeSet> {
  const differing = new RangeSet();
  const all = chunkCount(size);
  const both = Math.min(all, chunkCount(one.header.size), chunkCount(other.header.size));
  for (let first = 0; first < both; first += STRETCH) {
    const count = Math.min(STRETCH, both - first);
    const [mine, its] = [await one.pages.entries(first, count), await other.pages.entries(first, count)];
    for (let index = 0; index < count; index++) {
      if (!isSame(mine, its, index)) addChunks(differing, first + index, first + index + 1, size);
    }
  }
  if (both < all) addChunks(differing, both, all, size);
  return differing;
}

function isSame(mine: Entries, its: Entries, index: number): boolean {
  const [a, b] = [entryAt(mine, index), entryAt(its, index)];
  return isKnown(a) && isKnown(b) && sha256Of(a).equals(sha256Of(b));
}

function addChunks(set: RangeSet, first: number, end: number, size: Bytes): void {
  const { start, length } = rangeOf(first, end, size);
  set.add(start, length);
}

/** A manifest on disk, and the digest that its target's tags have. */
export interface KnownManifest {
  readonly path: string;
  readonly digest: string;
}

/** The difference of two that are on disk, or why there is none, for people. */
export async function differenceOnDisk(
  one: KnownManifest,
  other: KnownManifest,
  size: Bytes,
): Promise<{ readonly ranges: RangeSet } | { readonly fault: string }> {
  const mine = await believed(one);
  if ('fault' in mine) return mine;
  try {
    const its = await believed(other);
    if ('fault' in its) return its;
    try {
      return { ranges: await manifestDifference(mine, its, size) };
    } finally {
      await its.close();
    }
  } finally {
    await mine.close();
  }
}

/** Only a manifest of the very content that the tags name, and that no run was cut while it wrote. */
async function believed({ path, digest }: KnownManifest): Promise<OpenManifest | { readonly fault: string }> {
  const found = await openManifest(path);
  if (found === null) return { fault: `there is no manifest ${path}` };
  if ('fault' in found) return { fault: `the manifest ${path} ${found.fault}` };
  const isDirty = (await readDirty(path)) !== null;
  if (!isDirty && found.header.digest === digest) return found;
  await found.close();
  return { fault: `the manifest ${path} is of another content than its volume` };
}
