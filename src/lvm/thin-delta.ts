/**
 * What thin_delta writes of two thin volumes: the blocks that are mapped otherwise in the second than in the first.
 * Four kinds of flat tags within two, one a line, the same in its C++ and its Rust version:
 *
 *     <superblock … data_block_size="128" …>      in sectors
 *       <diff left="1" right="2">                 the identifiers that were asked for
 *         <same begin="0" length="4"/>            in blocks, in order; also different, left_only, right_only
 */
import type { RangeSet } from '../ranges.ts';
import { Candidates, NoList, type Span } from './change-list.ts';

const SECTOR = 512;
/** What a pool's blocks may be: multiples of 64 KiB up to 1 GiB, in sectors. */
const BLOCK_STEP = 128;
const LARGEST_BLOCK = 2 * 1024 * 1024;
/** The longest line of the format is far shorter. */
const LONGEST_LINE = 4096;

const SUPERBLOCK = /^<superblock(?: [a-z_]+="[^"<>]*")* data_block_size="(\d{1,7})"(?: [a-z_]+="[^"<>]*")*>$/;
const DIFF = /^<diff left="(\d{1,8})" right="(\d{1,8})">$/;
const BLOCKS = /^<(same|different|left_only|right_only) begin="(\d{1,15})" length="(\d{1,15})"\/>$/;

type Place = 'before' | 'superblock' | 'diff' | 'after diff' | 'after';

/** Takes the text in pieces as they come, and holds none of it. */
export class ThinDelta {
  readonly #candidates: Candidates;
  readonly #left: number;
  readonly #right: number;
  #place: Place = 'before';
  #rest = '';
  #blockSize = 0;
  /** The block after the last that a line told of. */
  #next = 0;

  /** `left`, `right`: the thin identifiers of the base and of the new snapshot. */
  constructor(left: number, right: number, span: Span) {
    this.#left = left;
    this.#right = right;
    this.#candidates = new Candidates(span);
  }

  /** Throws NoList where the text is anything else than the format. */
  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.trim());
    if (this.#rest.length > LONGEST_LINE) throw malformed(this.#rest);
  }

  /** What differs, and what the volume has grown by. Throws NoList where the text ended too early. */
  finish(): RangeSet {
    this.#line(this.#rest.trim());
    this.#rest = '';
    if (this.#place !== 'after') throw new NoList('malformed', 'what thin_delta wrote is cut off');
    return this.#candidates.finish();
  }

  #line(line: string): void {
    if (line !== '') this.#place = this.#after(line);
  }

  /** Where in the text the next line is. */
  #after(line: string): Place {
    switch (this.#place) {
      case 'before':
        return this.#superblock(line);
      case 'superblock':
        return this.#diff(line);
      case 'diff':
        return line === '</diff>' ? 'after diff' : this.#blocks(line);
      case 'after diff':
        if (line === '</superblock>') return 'after';
        throw malformed(line);
      case 'after':
        throw malformed(line);
    }
  }

  #superblock(line: string): Place {
    const sectors = Number(SUPERBLOCK.exec(line)?.[1] ?? 0);
    if (sectors < BLOCK_STEP || sectors > LARGEST_BLOCK || sectors % BLOCK_STEP !== 0) throw malformed(line);
    this.#blockSize = sectors * SECTOR;
    return 'superblock';
  }

  #diff(line: string): Place {
    const [, left, right] = DIFF.exec(line) ?? [];
    if (Number(left) !== this.#left || Number(right) !== this.#right) throw malformed(line);
    return 'diff';
  }

  /** What only the first has was discarded since: there the second reads zero, which is a change like any other. */
  #blocks(line: string): Place {
    const [, kind, begin, length] = BLOCKS.exec(line) ?? [];
    const start = Number(begin);
    const count = Number(length);
    if (!(start >= this.#next && count > 0)) throw malformed(line);
    this.#next = start + count;
    if (kind !== 'same') this.#candidates.add(start * this.#blockSize, count * this.#blockSize);
    return 'diff';
  }
}

function malformed(line: string): NoList {
  return new NoList(
    'malformed',
    `thin_delta wrote what is not its format: ${JSON.stringify(line.slice(0, 80))}`,
  );
}
