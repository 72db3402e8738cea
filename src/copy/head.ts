/**
 * The first MiB of a target. It reads zero from before the first write until everything else has been flushed, and
 * is written last: so nothing that looks for a file system finds one on a copy that is not whole.
 */

import { alignedBuffer } from '../aligned-buffer.ts';
import type { ByteRange } from '../ranges.ts';
import { type Bytes, MiB } from '../units.ts';
import { CHUNK } from './chunk.ts';
import type { Source, Target } from './endpoint.ts';
import { type Entries, type EntryMaker, entryAt, isKnown, isZero, noEntries } from './entry.ts';
import { readOrSalvage } from './salvage.ts';

/** A whole number of chunks. */
export const HEAD = MiB;

export interface Head {
  readonly data: Buffer;
  readonly entries: Entries;
  readonly unreadable: readonly ByteRange[];
  /** Whether the target holds something else. */
  readonly differs: boolean;
}

/** `known`: what the target holds, where that is known; for the rest it is read. Throws CopyError. */
export async function readHead(
  ends: { readonly source: Source; readonly target: Target },
  size: Bytes,
  maker: EntryMaker,
  known: Entries,
  onReadError: 'stop' | 'skip',
): Promise<Head> {
  const data = alignedBuffer(Math.min(HEAD, size));
  const unreadable = await readOrSalvage(ends.source, data, 0, onReadError);
  const target = alignedBuffer(data.length);
  await ends.target.read(target, 0);
  const entries = noEntries(Math.ceil(data.length / CHUNK));
  let differs = false;
  for (let index = 0; index * CHUNK < data.length; index++) {
    const piece = data.subarray(index * CHUNK, (index + 1) * CHUNK);
    const before = entryAt(known, index);
    maker.entry(piece, isZero(piece)).copy(entryAt(entries, index));
    // Looked at even where it is known: it is little, and tells when the target is not what the manifest says.
    const isThere = piece.equals(target.subarray(index * CHUNK, (index + 1) * CHUNK));
    if (!isThere || (isKnown(before) && !maker.matches(before, piece))) differs = true;
  }
  return { data, entries, unreadable, differs };
}
