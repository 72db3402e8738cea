/** A manifest on disk: what is written comes back, in pages, whatever the sizes and whoever reads beside. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { ENTRY_BYTES, type Entries, noEntries } from '../../src/copy/entry.ts';
import { manifestBytes, PAGE_BYTES, PAGE_ENTRIES } from '../../src/copy/manifest-format.ts';
import { type OpenManifest, openManifest } from '../../src/copy/manifest-reader.ts';
import { ManifestWriter } from '../../src/copy/manifest-writer.ts';
import { bytes } from '../../src/units.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'manifest');
const key = Buffer.alloc(16, 7);

/** Those of chunk n are full of n. */
function entriesOf(first: number, count: number): Entries {
  const entries = noEntries(count);
  for (let index = 0; index < count; index++) {
    for (let at = 0; at < ENTRY_BYTES; at += 4)
      entries.writeUInt32LE(first + index + 1, index * ENTRY_BYTES + at);
  }
  return entries;
}

/** `steps`: how many entries are given at a time, over and over. */
async function written(
  chunks: number,
  { steps = [1000], generation = 1, file = path() } = {},
): Promise<string> {
  const size = bytes(chunks * CHUNK);
  const header = { target: 'T', source: 'S', size, generation, changed: null, key };
  const writer = await ManifestWriter.create(file, header);
  try {
    for (let first = 0, step = 0; first < chunks; step++) {
      const count = Math.min(steps[step % steps.length] ?? 1, chunks - first);
      await writer.add(entriesOf(first, count));
      first += count;
    }
    const digest = await writer.end();
    await writer.commit({ digest, changed: null });
    return digest;
  } finally {
    await writer.close();
  }
}

async function opened(file = path()): Promise<OpenManifest> {
  const manifest = await openManifest(file);
  if (!manifest || !('header' in manifest)) throw new Error(`no manifest: ${JSON.stringify(manifest)}`);
  return manifest;
}

const WINDOW_CHUNKS = 64 * PAGE_ENTRIES;

describe('a manifest that was written', () => {
  test.each([1, 2, 84, 85, 86, 170, 171, WINDOW_CHUNKS - 1, WINDOW_CHUNKS, WINDOW_CHUNKS + 1, 20_000])(
    'of %i chunks comes back',
    async (chunks) => {
      const digest = await written(chunks);
      expect(statSync(path()).size).toBe(manifestBytes(bytes(chunks * CHUNK)));
      const manifest = await opened();
      expect(manifest.header).toEqual({
        ...{ target: 'T', source: 'S', size: chunks * CHUNK, generation: 1, digest, changed: null, key },
      });
      expect((await manifest.pages.entries(0, chunks)).equals(entriesOf(0, chunks))).toBe(true);
      await manifest.close();
    },
  );

  test('comes back whatever was given at a time and is asked for at a time', async () => {
    const chunks = 3 * PAGE_ENTRIES + 20;
    const step = fc.integer({ min: 1, max: 200 });
    const read = fc.tuple(fc.nat(chunks - 1), fc.integer({ min: 1, max: chunks }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1 }), fc.array(read), async (steps, reads) => {
        await written(chunks, { steps });
        const manifest = await opened();
        for (const [first, most] of reads) {
          const count = Math.min(most, chunks - first);
          expect((await manifest.pages.entries(first, count)).equals(entriesOf(first, count))).toBe(true);
        }
        await manifest.close();
      }),
      { numRuns: 40 },
    );
  });

  test('is known to be nothing past its end', async () => {
    await written(90);
    const manifest = await opened();
    expect((await manifest.pages.entries(90, 200)).equals(noEntries(200))).toBe(true);
    await manifest.close();
  });

  test('gives everyone what they asked for, however their questions interleave', async () => {
    const chunks = 4 * WINDOW_CHUNKS;
    await written(chunks);
    const manifest = await opened();
    const question = fc.tuple(fc.nat(chunks - 200), fc.integer({ min: 1, max: 200 }));
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 2, maxLength: 12 }), async (questions) => {
        const answers = questions.map(([first, count]) => manifest.pages.entries(first, count));
        for (const [index, [first, count]] of questions.entries()) {
          expect((await answers[index])?.equals(entriesOf(first, count))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
    await manifest.close();
  });

  test('can be read again before it is a manifest, and is gone when it becomes none', async () => {
    const header = { target: 'T', source: 'S', size: bytes(100 * CHUNK), generation: 1, changed: null, key };
    for (const place of [path(), null]) {
      const writer = await ManifestWriter.create(place, header);
      await writer.add(entriesOf(0, 100));
      await writer.end();
      expect((await writer.pages().entries(0, 100)).equals(entriesOf(0, 100))).toBe(true);
      await writer.close();
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});

describe('a page', () => {
  test.each([
    ['of which one bit is another', (page: Buffer) => page.fill((page[100] ?? 0) ^ 4, 100, 101)],
    [
      'whose checksum is another',
      (page: Buffer) => page.fill((page[PAGE_BYTES - 1] ?? 0) ^ 1, PAGE_BYTES - 1),
    ],
    [
      'that is another one',
      (page: Buffer, data: Buffer) => data.copy(page, 0, 3 * PAGE_BYTES, 4 * PAGE_BYTES),
    ],
    ['that is zero', (page: Buffer) => page.fill(0)],
  ])('%s tells nothing, the others do', async (_, harm) => {
    await written(3 * PAGE_ENTRIES);
    const data = readFileSync(path());
    harm(data.subarray(2 * PAGE_BYTES, 3 * PAGE_BYTES), data);
    writeFileSync(path(), data);
    const manifest = await opened();
    const expected = entriesOf(0, 3 * PAGE_ENTRIES);
    expected.fill(0, PAGE_ENTRIES * ENTRY_BYTES, 2 * PAGE_ENTRIES * ENTRY_BYTES);
    expect((await manifest.pages.entries(0, 3 * PAGE_ENTRIES)).equals(expected)).toBe(true);
    await manifest.close();
  });

  test('of an earlier generation tells nothing: a disk may have lost the newer one', async () => {
    await written(2 * PAGE_ENTRIES, { generation: 4 });
    const old = readFileSync(path());
    await written(2 * PAGE_ENTRIES, { generation: 5 });
    const data = readFileSync(path());
    old.copy(data, PAGE_BYTES, PAGE_BYTES, 2 * PAGE_BYTES);
    writeFileSync(path(), data);
    const manifest = await opened();
    expect((await manifest.pages.entries(0, PAGE_ENTRIES)).equals(noEntries(PAGE_ENTRIES))).toBe(true);
    expect((await manifest.pages.entries(PAGE_ENTRIES, 5)).equals(entriesOf(PAGE_ENTRIES, 5))).toBe(true);
    await manifest.close();
  });

  test('that cannot be read tells nothing', async () => {
    await written(2 * WINDOW_CHUNKS);
    const manifest = await opened();
    const handle = await open(path(), 'r');
    await handle.close();
    // A closed descriptor stands for a disk that fails.
    await manifest.close();
    expect((await manifest.pages.entries(0, 5)).equals(noEntries(5))).toBe(true);
  });
});

describe('what is no manifest', () => {
  test('is told apart from none at all', async () => {
    expect(await openManifest(path())).toBeNull();
    writeFileSync(path(), '');
    expect(await openManifest(path())).toEqual({ fault: 'is cut short' });
    writeFileSync(path(), randomBytes(2 * PAGE_BYTES));
    expect(await openManifest(path())).toEqual({ fault: 'is damaged' });
    expect(await openManifest(folder)).toMatchObject({ fault: expect.stringContaining('EISDIR') });
  });

  test.each([-PAGE_BYTES, -1, 1])('its length is wrong by %i', async (more) => {
    await written(200);
    const data = readFileSync(path());
    writeFileSync(path(), Buffer.concat([data, Buffer.alloc(1)]).subarray(0, data.length + more));
    expect(await openManifest(path())).toEqual({ fault: 'is cut short' });
  });
});

test('what was not committed leaves the old one as it was', async () => {
  await written(10);
  const before = readFileSync(path());
  const header = { target: 'T', source: 'S', size: bytes(10 * CHUNK), generation: 2, changed: null, key };
  const writer = await ManifestWriter.create(path(), header);
  await writer.add(entriesOf(5, 10));
  await writer.end();
  await writer.close();
  expect(readFileSync(path()).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(['manifest']);
});
