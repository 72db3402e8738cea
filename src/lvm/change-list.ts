/**
 * A list of what may have changed since a base snapshot was taken: byte ranges, or why there are none. Without a list
 * a copy is slower, never wrong, so a reader that is not sure of every byte gives the reason instead.
 */
import { ExitCode, UserError } from '../errors.ts';
import { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';

export type ListFaultCode =
  // Of the base snapshot or the pool, as the kernel tells it.
  | 'no-status'
  | 'overflowed'
  | 'merging'
  | 'merge-failed'
  | 'wrong-size'
  | 'pool-failed'
  // Of a COW store.
  | 'unreadable'
  | 'not-a-store'
  | 'not-valid'
  | 'version'
  | 'chunk-size'
  | 'old-chunk'
  | 'new-chunk'
  | 'duplicate'
  | 'too-short'
  | 'unsteady'
  // Of a comparison of thin volumes.
  | 'not-installed'
  | 'old-thin-delta'
  | 'held'
  | 'not-reserved'
  | 'not-released'
  | 'thin-delta-failed'
  | 'malformed';

export interface ListFault {
  readonly code: ListFaultCode;
  /** For people: with what, and what is wrong. */
  readonly text: string;
}

export type ChangeList = { readonly ranges: RangeSet } | { readonly fault: ListFault };

/** What a list is wanted of. */
export interface Span {
  /** Of the new snapshot, which is copied from. */
  readonly size: Bytes;
  /** What it was when the base was copied: what has been added since is in the list as a whole. */
  readonly before: Bytes;
}

/** Why there is no list. Stays within this room: callers get it as a ListFault. */
export class NoList extends Error {
  constructor(
    readonly code: ListFaultCode,
    text: string,
  ) {
    super(text);
  }
}

/**
 * What `read` gives, or its NoList as data, about `subject`; a program that is not there is a reason too. Other errors
 * stay errors.
 */
export async function listOrFault(subject: string, read: () => Promise<RangeSet>): Promise<ChangeList> {
  try {
    return { ranges: await read() };
  } catch (error) {
    if (error instanceof NoList) return { fault: { code: error.code, text: `${subject}: ${error.message}` } };
    if (error instanceof UserError && error.exitCode === ExitCode.failed) {
      return { fault: { code: 'not-installed', text: `${subject}: ${error.message}` } };
    }
    throw error;
  }
}

/** Ranges within a volume, as a reader finds them. */
export class Candidates {
  readonly #ranges = new RangeSet();
  #added = 0;

  constructor(readonly span: Span) {}

  /** What lies beyond the volume's end is left out. */
  add(start: number, length: number): void {
    const end = Math.min(start + length, this.span.size);
    if (start >= end) return;
    this.#ranges.add(start, end - start);
    this.#added += end - start;
  }

  /** Whether anything was added twice. No is no proof: a set of very many ranges is coarse. */
  get overlap(): boolean {
    return this.#ranges.total < this.#added;
  }

  /** All of it, and what the volume has grown by. */
  finish(): RangeSet {
    const { size, before } = this.span;
    this.add(before, size - before);
    return this.#ranges;
  }
}
