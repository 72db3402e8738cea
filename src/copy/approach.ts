/**
 * How a target is brought up to date: in full, or by the best source there is of what changed. Whatever stands against
 * a shortcut leads to one that needs to know less, and is told as the reason.
 */
import type { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { CHUNK } from './chunk.ts';
import type { Doubt } from './dirty-mark.ts';
import type { ManifestHeader } from './manifest-format.ts';

export type CopyMode = 'full' | 'list' | 'manifest' | 'compare';

export interface Asked {
  readonly mode: 'full' | 'changed';
  readonly size: Bytes;
  /** What may have changed since the target was last complete; null where nobody can say. */
  readonly list: RangeSet | null;
  /** Null where none is kept. */
  readonly manifest: {
    readonly found: ManifestHeader | { readonly fault: string } | null;
    readonly doubt: Doubt | null;
    readonly expected: Expected;
  } | null;
}

/** What a manifest has to say to be that of this target as it is now. */
export interface Expected {
  readonly target: string;
  readonly source: string;
  /** Of the target's last complete copy; null where nothing tells it. */
  readonly digest: string | null;
  /** When the target was last changed, where it is a file. */
  readonly changed: string | null;
}

export interface Approach {
  readonly mode: CopyMode;
  /** Why this mode and no quicker one. */
  readonly reason: string;
  /** How many chunks, from the first on, the manifest is believed of. */
  readonly believed: number;
  /** What is looked at; null: everything. */
  readonly candidates: RangeSet | null;
  /** What the manifest is not believed of. */
  readonly doubted: RangeSet | null;
}

export function approachTo(asked: Asked): Approach {
  const { manifest, list } = asked;
  if (asked.mode === 'full') return { ...PLAIN, mode: 'full', reason: 'everything was to be copied' };
  if (manifest === null) {
    if (list === null) return compare('no manifest is kept, and no list of changes was given');
    return { ...PLAIN, mode: 'list', reason: 'a list of changes was given', candidates: list };
  }
  const { found, doubt } = manifest;
  const against = whyNot(found, doubt, manifest.expected);
  if (against !== null) return compare(against);
  const header = found as ManifestHeader;
  const doubted = doubt === null ? null : (doubt as Exclude<Doubt, 'anything'>).ranges;
  const trust = { believed: believedChunks(header, asked.size), doubted };
  const grown = growth(header, asked.size);
  const cut = doubted === null ? '' : '; what a run that was cut may have written is looked at too';
  if (list === null) return { ...trust, mode: 'manifest', candidates: null, reason: `${grown}${cut}` };
  return { ...trust, mode: 'list', candidates: list, reason: `a list of changes was given, ${grown}${cut}` };
}

const PLAIN = { believed: 0, candidates: null, doubted: null };

function compare(reason: string): Approach {
  return { ...PLAIN, mode: 'compare', reason };
}

function whyNot(
  found: ManifestHeader | { readonly fault: string } | null,
  doubt: Doubt | null,
  expected: Expected,
): string | null {
  if (found === null) return 'there is no manifest of the target';
  if ('fault' in found) return `the manifest ${found.fault}`;
  if (doubt === 'anything') return 'the last run was cut while it wrote to the target';
  if (found.target !== expected.target) return 'the manifest is of another target';
  if (found.source !== expected.source) return 'the target was made for another source';
  if (expected.digest !== null && found.digest !== expected.digest) {
    return 'the manifest is of another generation than the target';
  }
  if (found.changed !== expected.changed) return 'somebody has written to the target since';
  return null;
}

/** The last chunk of the smaller size may be a part of one, and be a whole one now. */
function believedChunks(header: ManifestHeader, size: Bytes): number {
  return header.size === size ? Math.ceil(size / CHUNK) : Math.floor(Math.min(header.size, size) / CHUNK);
}

function growth(header: ManifestHeader, size: Bytes): string {
  if (header.size === size) return 'the manifest tells what the target holds';
  const how = size > header.size ? 'grew' : 'shrank';
  return `the manifest tells what the target holds, and the source ${how} from ${header.size} to ${size} bytes`;
}
