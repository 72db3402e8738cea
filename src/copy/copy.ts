/** Brings a target to what its source is: in full, or by the best means there is, writing only what differs. */

import { alignedBuffer } from '../aligned-buffer.ts';
import type { ByteRange, RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { approachTo, type CopyMode } from './approach.ts';
import { CHUNK, ChunkSet, chunkCount } from './chunk.ts';
import { CopyError } from './copy-error.ts';
import { CopyRun } from './copy-run.ts';
import { readDirty } from './dirty-mark.ts';
import { EntryMaker, entryAt, isKnown } from './entry.ts';
import { HEAD } from './head.ts';
import { type OpenManifest, openManifest } from './manifest-reader.ts';
import type { OpenSource, OpenTarget } from './open-end.ts';
import type { Progress } from './progress.ts';
import type { Verified, VerifyLevel } from './verify.ts';

export interface CopyOptions {
  readonly source: OpenSource;
  readonly target: OpenTarget;
  /** How many bytes to copy, from the start of both. */
  readonly size: Bytes;
  /** `changed`: by the best means there is, and only what differs is written. */
  readonly mode: 'full' | 'changed';
  /** What may have changed since the target was last complete; null where nobody can say. */
  readonly list: RangeSet | null;
  /** Null where nothing is to be remembered of the target. */
  readonly manifest: ManifestPlace | null;
  readonly verify: VerifyLevel;
  /** Bytes a second; null: as fast as it goes. */
  readonly rate: number | null;
  readonly onReadError: 'stop' | 'skip';
  /** Whether the target is known to read zero where it was never written: a new file, a fresh thin volume. */
  readonly targetReadsZero: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /**
   * Called before the first write to the target, and where the target is found to be other than it was thought: a copy
   * that fails without this has left the target as it was.
   */
  readonly onTouch?: () => void;
}

export interface ManifestPlace {
  readonly path: string;
  /** What source and target are known by, whatever their paths are today. */
  readonly source: string;
  readonly target: string;
  /** Of the target's last complete copy; null where nothing but the manifest tells it. */
  readonly digest: string | null;
}

export interface CopyResult {
  readonly mode: CopyMode | 'files';
  /** Why this mode and no quicker one. */
  readonly reason: string;
  readonly bytesRead: { readonly source: Bytes; readonly target: Bytes };
  readonly bytesWritten: Bytes;
  /** Bytes of the source that did not have to be written. */
  readonly bytesSkipped: Bytes;
  /** What was read back and found right. */
  readonly verified: Verified;
  /** `sha256-256KiB:<hex>` of the content; null where a list was all that was known of it. */
  readonly digest: string | null;
  /** What the source could not give: zero on the target. */
  readonly unreadable: readonly ByteRange[];
  readonly seconds: number;
}

/** Throws CopyError, or the signal's reason; where something was written, the target's first MiB is zero then. */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  checkEnds(options);
  const { manifest, mode, size, list, target } = options;
  const found = manifest && (await openManifest(manifest.path));
  const old = found && 'header' in found ? found : null;
  try {
    const doubt = manifest && (await readDirty(manifest.path));
    const fault = old && doubt === null ? await faultAtHead(old, target, size) : null;
    const approach = approachTo({
      ...{ mode, size, list },
      manifest: manifest && {
        found: fault ?? (found && ('header' in found ? found.header : found)),
        doubt,
        expected: { ...manifest, changed: await target.changed() },
      },
    });
    const belief = old && {
      pages: old.pages,
      chunks: approach.believed,
      doubted: approach.doubted && new ChunkSet(chunkCount(size)).addAround(approach.doubted),
    };
    const before = { approach, doubt, header: old?.header ?? null };
    return await new CopyRun(options, before, approach.believed > 0 ? belief : null).run();
  } catch (error) {
    // It may be the disk of the target that fails: nothing vouches for what is on it then.
    if (error instanceof CopyError && error.side === 'target') options.onTouch?.();
    throw error;
  } finally {
    await old?.close();
  }
}

/** A target that begins otherwise than its manifest says is not the one that the manifest describes. */
async function faultAtHead({ header, pages }: OpenManifest, target: OpenTarget, size: Bytes) {
  const maker = new EntryMaker(header.key);
  const head = alignedBuffer(Math.min(HEAD, header.size, size));
  await target.read(head, 0);
  const whole = Math.floor(head.length / CHUNK);
  const entries = await pages.entries(0, whole);
  for (let index = 0; index < whole; index++) {
    const entry = entryAt(entries, index);
    const piece = head.subarray(index * CHUNK, (index + 1) * CHUNK);
    if (isKnown(entry) && !maker.matches(entry, piece)) {
      return { fault: 'says that the target begins otherwise than it does' };
    }
  }
  return null;
}

function checkEnds({ source, target, size }: CopyOptions): void {
  if (source.device.identity === target.device.identity) {
    throw new CopyError('target', target.name, null, `it and ${source.name} are the same`);
  }
  if (size <= 0) throw new CopyError('source', source.name, null, 'it is empty');
  for (const [side, end] of [['source', source] as const, ['target', target] as const]) {
    if (end.size >= size) continue;
    throw new CopyError(side, end.name, end.size, `it ends here, ${size} bytes were to be copied`);
  }
}
