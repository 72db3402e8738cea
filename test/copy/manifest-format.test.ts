import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { ENTRY_BYTES } from '../../src/copy/entry.ts';
import {
  decodeHeader,
  decodePage,
  encodeHeader,
  encodePage,
  HEADER_BYTES,
  type ManifestHeader,
  manifestBytes,
  PAGE_BYTES,
  PAGE_ENTRIES,
} from '../../src/copy/manifest-format.ts';
import { bytes } from '../../src/units.ts';

const HEADER: ManifestHeader = {
  ...{ target: 'dm LVM-abc', source: 'disk ü "quoted" \n', size: bytes(1_234_567), generation: 3 },
  ...{ digest: `sha256-256KiB:${'ab'.repeat(32)}`, changed: null, key: Buffer.alloc(16, 9) },
};

function flipped(data: Buffer, bit: number): Buffer {
  const other = Buffer.from(data);
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return other;
}

describe('a header', () => {
  test('comes back as it was', () => {
    const page = encodeHeader(HEADER);
    expect(page).toHaveLength(HEADER_BYTES);
    expect(decodeHeader(page)).toEqual(HEADER);
    const changed = { ...HEADER, changed: '1700000000000000001' };
    expect(decodeHeader(encodeHeader(changed))).toEqual(changed);
  });

  test('of which any one bit is another is damaged', () => {
    const page = encodeHeader(HEADER);
    for (let bit = 0; bit < HEADER_BYTES * 8; bit += bit < 3000 ? 1 : 7) {
      expect(decodeHeader(flipped(page, bit))).toEqual({ fault: 'is damaged' });
    }
  });

  test('that is not all there is cut short', () => {
    expect(decodeHeader(encodeHeader(HEADER).subarray(0, HEADER_BYTES - 1))).toEqual({
      fault: 'is cut short',
    });
  });

  test('takes names as long as fit, and comes back; longer ones are refused', () => {
    let longest = 0;
    for (let length = 3500; length < 4100; length++) {
      const header = { ...HEADER, source: 'x'.repeat(length) };
      try {
        expect(decodeHeader(encodeHeader(header))).toEqual(header);
        longest = length;
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(longest).toBeLessThan(length);
      }
    }
    expect(longest).toBeGreaterThan(3600);
  });

  test.each([
    [{ version: 2 }, 'is of another version'],
    [{ format: 'other' }, 'is of another version'],
    [{ chunk: CHUNK * 2 }, 'was made with other chunks'],
    [{ algorithm: 'md5' }, 'was made with other chunks'],
  ])('that says %j: %s', (says, fault) => {
    // Facts come after the format's own words, and win.
    expect(decodeHeader(encodeHeader({ ...HEADER, ...says }))).toEqual({ fault });
  });
});

describe('a page', () => {
  const seal = { key: randomBytes(16), generation: 7 };
  const entries = randomBytes(PAGE_ENTRIES * ENTRY_BYTES);
  const page = encodePage(entries, 5, seal);

  test('comes back as it was', () => {
    expect(page).toHaveLength(PAGE_BYTES);
    expect(decodePage(page, 5, seal)?.equals(entries)).toBe(true);
  });

  test('that is not full comes back with zeros', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PAGE_ENTRIES }), (count) => {
        const some = entries.subarray(0, count * ENTRY_BYTES);
        const back = decodePage(encodePage(some, 1, seal), 1, seal);
        expect(back?.subarray(0, some.length).equals(some)).toBe(true);
        expect(back?.subarray(some.length).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  test('of which any one bit is another is none', () => {
    for (let bit = 0; bit < PAGE_BYTES * 8; bit++) expect(decodePage(flipped(page, bit), 5, seal)).toBeNull();
  });

  test.each([
    ['at another place', 6, seal],
    ['at a place far away', 5 + 2 ** 32, seal],
    ['of another generation', 5, { ...seal, generation: 8 }],
    ['of another manifest', 5, { ...seal, key: randomBytes(16) }],
  ])('%s is none', (_, index, other) => {
    expect(decodePage(page, index, other)).toBeNull();
  });
});

test.each([
  [1, 1],
  [85 * CHUNK, 1],
  [85 * CHUNK + 1, 2],
  [86 * CHUNK, 2],
])('of %i bytes it has %i pages', (size, pages) => {
  expect(manifestBytes(bytes(size))).toBe(HEADER_BYTES + pages * PAGE_BYTES);
});
