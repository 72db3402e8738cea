/**
 * What was known of the target's chunks before a copy, and what is known of them after it: the old manifest is read
 * along, the new one is written in the order of the chunks, and chunks that nobody looked at are carried over.
 */
import { ExitCode, UserError } from '../errors.ts';
import type { ByteRange } from '../ranges.ts';
import { type ChunkSet, chunkCount, chunksAround } from './chunk.ts';
import { ENTRY_BYTES, type Entries, entryAt, isKnown, noEntries } from './entry.ts';
import type { ManifestHeader } from './manifest-format.ts';
import type { PageReader } from './manifest-reader.ts';
import type { ManifestWriter } from './manifest-writer.ts';

/** What is believed of an old manifest. */
export interface Belief {
  readonly pages: PageReader;
  /** How many chunks, from the first on. */
  readonly chunks: number;
  /** Of these nothing is believed. */
  readonly doubted: ChunkSet | null;
}

/** Chunks that are carried over in one go. */
const STRETCH = 4096;

export class EntryBook {
  #next = 0;
  /** What is carried over lies behind what is asked for, and both go on at the same time. */
  readonly #behind: PageReader | null;
  #reread: PageReader | null = null;

  constructor(
    readonly belief: Belief | null,
    readonly writer: ManifestWriter,
  ) {
    this.#behind = belief?.pages.again() ?? null;
  }

  /** What the target is believed to hold. */
  async known(first: number, count: number, pages = this.belief?.pages): Promise<Entries> {
    if (!this.belief || !pages) return noEntries(count);
    const { chunks, doubted } = this.belief;
    const entries = await pages.entries(first, count);
    for (let index = 0; index < count; index++) {
      const chunk = first + index;
      if (chunk >= chunks || doubted?.has(chunk)) entryAt(entries, index).fill(0);
    }
    return entries;
  }

  /**
   * The chunks from `first` on, in ascending order from call to call; those in between are what they were. A chunk with
   * one of `holes` in it is part of the digest and is not remembered: so every run looks at it again.
   */
  async add(first: number, entries: Entries, holes: readonly ByteRange[] = []): Promise<void> {
    await this.#carryOver(first);
    await this.writer.add(entries, holes.length === 0 ? entries : without(entries, first, holes));
    this.#next = first + entries.length / ENTRY_BYTES;
  }

  /** After the last chunk that was looked at: the digest of the whole. */
  async end(size: ManifestHeader['size']): Promise<string> {
    await this.#carryOver(chunkCount(size));
    return this.writer.end();
  }

  /** What the target has to hold now; only after the end. */
  async written(first: number, count: number): Promise<Entries> {
    this.#reread ??= this.writer.pages();
    return this.#reread.entries(first, count);
  }

  async #carryOver(end: number): Promise<void> {
    while (this.#next < end) {
      const count = Math.min(STRETCH, end - this.#next);
      const entries = await this.known(this.#next, count, this.#behind ?? undefined);
      requireKnown(entries);
      await this.writer.add(entries);
      this.#next += count;
    }
  }
}

/** Whatever nothing is known of was to be looked at: where the manifest tells less than a moment ago, it fails. */
function requireKnown(entries: Entries): void {
  for (let index = 0; index * ENTRY_BYTES < entries.length; index++) {
    if (isKnown(entryAt(entries, index))) continue;
    throw new UserError(
      ExitCode.failed,
      'the manifest could be read at the start of the copy and cannot be read now',
      'see the kernel log about the disk that it is on; without the manifest everything is compared',
    );
  }
}

function without(entries: Entries, first: number, holes: readonly ByteRange[]): Entries {
  const remembered = Buffer.from(entries);
  for (const { start, length } of holes) {
    const around = chunksAround(start, length);
    for (let chunk = around.first; chunk < around.end; chunk++) entryAt(remembered, chunk - first).fill(0);
  }
  return remembered;
}
