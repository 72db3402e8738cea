/**
 * What was known of the target's chunks before a copy, and what is known of them after it: the old manifest is read
 * along, the new one is written in the order of the chunks, and chunks that nobody looked at are carried over.
 */
import { type ChunkSet, chunkCount } from './chunk.ts';
import { ENTRY_BYTES, type Entries, entryAt, noEntries } from './entry.ts';
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
  #reread: PageReader | null = null;

  constructor(
    readonly belief: Belief | null,
    readonly writer: ManifestWriter,
  ) {}

  /** What the target is believed to hold. */
  async known(first: number, count: number): Promise<Entries> {
    if (!this.belief) return noEntries(count);
    const { pages, chunks, doubted } = this.belief;
    const entries = await pages.entries(first, count);
    for (let index = 0; index < count; index++) {
      const chunk = first + index;
      if (chunk >= chunks || doubted?.has(chunk)) entryAt(entries, index).fill(0);
    }
    return entries;
  }

  /** The chunks from `first` on, in ascending order from call to call; those in between are what they were. */
  async add(first: number, entries: Entries): Promise<void> {
    await this.#carryOver(first);
    await this.writer.add(entries);
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
      await this.writer.add(await this.known(this.#next, count));
      this.#next += count;
    }
  }
}
