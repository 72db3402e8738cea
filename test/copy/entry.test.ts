import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { RootDigest } from '../../src/copy/digest.ts';
import {
  ENTRY_BYTES,
  EntryMaker,
  entryAt,
  gmac,
  isKnown,
  isZero,
  newKey,
  noEntries,
  sha256Of,
} from '../../src/copy/entry.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const maker = new EntryMaker(newKey());

describe('known answers', () => {
  // FIPS 180-4's examples.
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('SHA-256 of "%s"', (text, sum) => {
    expect(sha256Of(maker.entry(Buffer.from(text), false)).toString('hex')).toBe(sum);
  });

  test('GMAC of nothing, under zeros (test case 1 of the GCM specification)', () => {
    const tag = gmac(Buffer.alloc(16), Buffer.alloc(12), Buffer.alloc(0));
    expect(tag.toString('hex')).toBe('58e2fccefa7e3061367f1d57a4e7455a');
  });

  test("GMAC of 16 bytes (NIST's gcmEncryptExtIV128, no plain text, 128 bits of additional data)", () => {
    const key = hex('77be63708971c4e240d1cb79e8d77feb');
    const nonce = hex('e0e00f19fed7ba0136a797f3');
    const tag = gmac(key, nonce, hex('7a43ec1d9c0a5a78a0b16533a6213cab'));
    expect(tag.toString('hex')).toBe('209fcc8d3675ed938e9c7166709dd946');
  });
});

const someData = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 600 }).map((data) => Buffer.from(data)),
  fc.integer({ min: 1, max: CHUNK }).map((length) => randomBytes(length)),
);

describe('the entry of a chunk', () => {
  test('matches the same data, and no data of which a bit is another', () => {
    fc.assert(
      fc.property(someData, fc.nat(), (data, bit) => {
        const entry = maker.entry(data, false);
        expect(maker.matches(entry, Buffer.from(data))).toBe(true);
        const other = Buffer.from(data);
        const at = bit % (data.length * 8);
        other[at >> 3] = (other[at >> 3] ?? 0) ^ (1 << (at & 7));
        expect(maker.matches(entry, other)).toBe(false);
      }),
    );
  });

  test('matches no data that are longer or shorter by zeros', () => {
    for (const length of [1, 16, 4096, CHUNK - 16]) {
      const entry = maker.entry(Buffer.alloc(length), false);
      for (const more of [1, 15, 16]) expect(maker.matches(entry, Buffer.alloc(length + more))).toBe(false);
    }
  });

  test('matches nothing under another key', () => {
    const data = randomBytes(1000);
    expect(new EntryMaker(newKey()).matches(maker.entry(data, false), data)).toBe(false);
  });

  test('of zeros is the same by the short way and the long one, at every length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: CHUNK }), (length) => {
        const zeros = Buffer.alloc(length);
        const short = maker.entry(zeros, true);
        expect(short.equals(maker.entry(zeros, false))).toBe(true);
        expect(short.equals(maker.entry(zeros, true))).toBe(true);
        expect(maker.matches(short, zeros)).toBe(true);
      }),
    );
  });

  test('is known, and nothing is not', () => {
    expect(isKnown(maker.entry(Buffer.alloc(CHUNK), true))).toBe(true);
    const entries = noEntries(3);
    expect([0, 1, 2].map((index) => isKnown(entryAt(entries, index)))).toEqual([false, false, false]);
    entries[2 * ENTRY_BYTES - 1] = 1;
    expect([0, 1, 2].map((index) => isKnown(entryAt(entries, index)))).toEqual([false, true, false]);
  });

  test('of nothing matches no data', () => {
    for (const data of [Buffer.alloc(CHUNK), randomBytes(100)]) {
      expect(maker.matches(noEntries(1), data)).toBe(false);
    }
  });
});

test('data are zero where every byte is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: CHUNK }), fc.nat(), (length, place) => {
      const data = Buffer.alloc(length);
      expect(isZero(data)).toBe(true);
      data[place % length] = 0x80;
      expect(isZero(data)).toBe(false);
    }),
  );
});

test('the digest of the whole is that of the digests, however they are given', () => {
  const chunks = Array.from({ length: 7 }, () => randomBytes(20));
  const sums = chunks.map((chunk) => createHash('sha256').update(chunk).digest());
  const whole = createHash('sha256').update(Buffer.concat(sums)).digest('hex');
  const entries = Buffer.concat(chunks.map((chunk) => maker.entry(chunk, false)));
  for (const steps of [[7], [1, 6], [3, 0, 4]]) {
    const root = new RootDigest();
    let done = 0;
    for (const step of steps) {
      root.add(entries.subarray(done * ENTRY_BYTES, (done + step) * ENTRY_BYTES));
      done += step;
    }
    expect(root.text()).toBe(`sha256-256KiB:${whole}`);
  }
});
