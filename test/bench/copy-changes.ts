/** What changes on the source between two copies: pieces all over it, always the same ones for the same share. */
import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { CHUNK } from '../../src/copy/chunk.ts';
import { KiB, MiB } from '../../src/units.ts';
import type { Data, End } from './copy-data.ts';

export interface Piece {
  readonly start: number;
  readonly length: number;
}

export interface Change {
  readonly percent: 0 | 1 | 20;
  readonly pieces: readonly Piece[];
}

/** Whole chunks, so that no program has less to copy because it looks more closely. */
export function changeOf(percent: Change['percent'], size: number): Change {
  const length = CHUNK;
  const places = Math.floor(size / length);
  const wanted = Math.round((places * percent) / 100);
  const random = numbers(percent);
  const taken = new Set<number>();
  while (taken.size < wanted) taken.add(random() % places);
  const pieces = [...taken].sort((a, b) => a - b).map((place) => ({ start: place * length, length }));
  return { percent, pieces };
}

/** A linear congruence, so that every run changes the same places. */
function numbers(seed: number): () => number {
  let state = BigInt(seed + 1);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n);
  };
}

/** As `copy --list` takes it. */
export function writeList(path: string, { pieces }: Change): void {
  writeFileSync(path, pieces.map(({ start, length }) => `${start} ${length}\n`).join(''));
}

/** Where the pieces are is other data afterwards. */
export function scramble(end: End, pieces: readonly Piece[]): void {
  withFile(end, 'r+', (fd) => {
    for (const { start, length } of pieces)
      writeSync(fd, randomFillSync(Buffer.alloc(length)), 0, length, start);
  });
}

/** Where the pieces are is what it was before anything changed. */
export function takeBack({ base }: Data, end: End, pieces: readonly Piece[]): void {
  withFile(base, 'r', (from) => {
    withFile(end, 'r+', (to) => {
      for (const { start, length } of pieces) {
        const data = Buffer.alloc(length);
        readSync(from, data, 0, length, start);
        writeSync(to, data, 0, length, start);
      }
    });
  });
}

/** A little damage everywhere: a copy that did nothing is seen. */
export function everywhere(size: number): Piece[] {
  return Array.from({ length: Math.ceil(size / (16 * MiB)) }, (_, index) => ({
    start: index * 16 * MiB,
    length: 4 * KiB,
  }));
}

function withFile(end: End, flags: 'r' | 'r+', work: (fd: number) => void): void {
  const fd = openSync(end.path, flags);
  try {
    work(fd);
    if (flags === 'r+') fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
