import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/lvm/change-list.ts';
import { ThinDelta } from '../../src/lvm/thin-delta.ts';
import { bytes } from '../../src/units.ts';

const BLOCK = 65_536;
const span = (blocks: number, before = blocks): Span => ({
  size: bytes(blocks * BLOCK),
  before: bytes(before * BLOCK),
});

/** As thin_delta 0.9.0 writes it. */
const SUPERBLOCK =
  '<superblock uuid="" time="2" transaction="3" data_block_size="128" nr_data_blocks="16384">';
const DIFF = '  <diff left="2" right="1">';
const text = (...rows: readonly string[]) =>
  [SUPERBLOCK, DIFF, ...rows.map((row) => `    ${row}`), '  </diff>', '</superblock>', ''].join('\n');

function read(document: string, of: Span, pieces: readonly string[] = [document]): [number, number][] {
  const delta = new ThinDelta(2, 1, of);
  for (const piece of pieces) delta.take(piece);
  return [...delta.finish()].map(({ start, length }) => [start / BLOCK, length / BLOCK]);
}

const ALL_KINDS = text(
  '<same begin="0" length="100"/>',
  '<different begin="100" length="4"/>',
  '<right_only begin="5000" length="3"/>',
  '<left_only begin="7000" length="10"/>',
);

describe('what thin_delta wrote', () => {
  test('names what differs, what is new and what was discarded, and not what is the same', () => {
    expect(read(ALL_KINDS, span(10_000))).toEqual([
      [100, 4],
      [5000, 3],
      [7000, 10],
    ]);
  });

  test('of two volumes that are the same, or empty, names nothing', () => {
    expect(read(text('<same begin="0" length="16384"/>'), span(16_384))).toEqual([]);
    expect(read(text(), span(16_384))).toEqual([]);
  });

  test('is in blocks of the pool, and those are in sectors', () => {
    const delta = new ThinDelta(2, 1, { size: bytes(2 ** 40), before: bytes(2 ** 40) });
    delta.take(ALL_KINDS.replace('data_block_size="128"', 'data_block_size="4096"'));
    expect([...delta.finish()][0]).toEqual({ start: 100 * 4096 * 512, length: 4 * 4096 * 512 });
  });

  test('of version 1 has one attribute more, and no end of line at its end', () => {
    const newer = ALL_KINDS.replace('transaction="3"', 'transaction="3" flags="1" version="2"').trimEnd();
    expect(read(newer, span(10_000))).toEqual(read(ALL_KINDS, span(10_000)));
  });

  test('may come in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(ALL_KINDS.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), ALL_KINDS.length];
        const pieces = places.slice(1).map((place, index) => ALL_KINDS.slice(places[index], place));
        expect(read(ALL_KINDS, span(10_000), pieces)).toEqual(read(ALL_KINDS, span(10_000)));
      }),
    );
  });

  test('names blocks beyond a volume that was made smaller: they are left out', () => {
    expect(read(ALL_KINDS, span(102, 10_000))).toEqual([[100, 2]]);
    expect(read(text('<left_only begin="900000000000000" length="1"/>'), span(102))).toEqual([]);
  });

  test('ends amid a block where the volume does', () => {
    const delta = new ThinDelta(2, 1, { size: bytes(101 * BLOCK + 4096), before: bytes(101 * BLOCK + 4096) });
    delta.take(ALL_KINDS);
    expect([...delta.finish()]).toEqual([{ start: 100 * BLOCK, length: BLOCK + 4096 }]);
  });

  test('is followed by what the volume has grown by', () => {
    expect(read(ALL_KINDS, span(8000, 7005))).toEqual([
      [100, 4],
      [5000, 3],
      [7000, 1000],
    ]);
  });

  test('is taken at its word, whatever the blocks are', () => {
    const kind = fc.constantFrom('same', 'different', 'left_only', 'right_only');
    const row = fc.record({ kind, gap: fc.nat(3), length: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.nat(300), fc.nat(300), (rows, size, before) => {
        let next = 0;
        const expected = new Set<number>();
        const lines = rows.map(({ kind: tag, gap, length }) => {
          const begin = next + gap;
          next = begin + length;
          for (let block = begin; block < next; block++) if (tag !== 'same') expected.add(block);
          return `<${tag} begin="${begin}" length="${length}"/>`;
        });
        for (let block = before; block < size; block++) expected.add(block);
        const named = read(text(...lines), span(size, before)).flatMap(([start, length]) =>
          Array.from({ length }, (_, index) => start + index),
        );
        expect(named).toEqual([...expected].filter((block) => block < size).sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });
});

describe('no list is had from', () => {
  const refused = (document: string) =>
    expect(() => read(document, span(10_000))).toThrow(/thin_delta wrote/);

  test('a text that is cut off, wherever', () => {
    const lines = ALL_KINDS.split('\n');
    for (let count = 0; count < lines.length - 1; count++) refused(lines.slice(0, count).join('\n'));
    fc.assert(
      fc.property(fc.nat(ALL_KINDS.length - 2), (length) => {
        refused(ALL_KINDS.slice(0, length));
      }),
    );
  });

  test.each([
    ['a tag of another kind', text('<moved begin="0" length="1"/>')],
    ['a tag that is not closed', text('<different begin="0" length="1">')],
    ['a tag without its length', text('<different begin="0"/>')],
    ['a tag with an attribute more', text('<different begin="0" length="1" data_begin="5"/>')],
    ['a length of nothing', text('<different begin="0" length="0"/>')],
    ['a number that is none', text('<different begin="-1" length="1"/>')],
    ['a number without end', text(`<different begin="0" length="${'9'.repeat(30)}"/>`)],
    ['the verbose form', text('<different>', '<range begin="0" length="1"/>', '</different>')],
    ['blocks out of order', text('<different begin="9" length="2"/>', '<same begin="10" length="1"/>')],
    ['two tags in a line', text('<same begin="0" length="1"/><different begin="1" length="1"/>')],
    ['a line of another program', text('warning: something')],
    ['a line before', `warning: something\n${ALL_KINDS}`],
    ['a line after', `${ALL_KINDS}warning: something\n`],
    ['a second document', ALL_KINDS + ALL_KINDS],
    ['other volumes than were asked for', ALL_KINDS.replace('left="2" right="1"', 'left="1" right="2"')],
    ['roots in place of volumes', ALL_KINDS.replace('left="2"', 'left_root="2"')],
    ['no size of a block', ALL_KINDS.replace('data_block_size="128" ', '')],
    ['a size that no block has', ALL_KINDS.replace('"128"', '"100"')],
    ['blocks of nothing', ALL_KINDS.replace('"128"', '"0"')],
    ['blocks beyond a gigabyte', ALL_KINDS.replace('"128"', '"2097280"')],
    ['no text', ''],
    ['no text but lines', '\n\n'],
    ['a line without end', 'x'.repeat(10_000)],
  ])('%s', (_, document) => refused(document));
});
