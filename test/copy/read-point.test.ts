import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copy } from '../../src/copy/copy.ts';
import { openManifest } from '../../src/copy/manifest-reader.ts';
import { openSource, openTarget } from '../../src/copy/open-end.ts';
import { placesOf, readPoint, sampleOf } from '../../src/copy/read-point.ts';
import { bytes, KiB, MiB } from '../../src/units.ts';

const SIZE = bytes(9 * MiB + 100 * KiB);
const CHUNK = 256 * KiB;

let folder: string;
let content: Buffer;
let digest: string | null;
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'point-'));
  content = randomFillSync(Buffer.alloc(SIZE));
  content.fill(0, 2 * MiB, 3 * MiB);
  writeFileSync(at('source'), content);
  writeFileSync(at('point'), Buffer.alloc(SIZE + 5000));
  const [source, target] = [await openSource(at('source')), await openTarget(at('point'))];
  const manifest = { path: at('manifest'), source: 'source', target: 'point', digest: null };
  const result = await copy({
    ...{ source, target, size: SIZE, mode: 'full', list: null, manifest, verify: 'none', rate: null },
    ...{
      onReadError: 'stop',
      targetReadsZero: false,
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  });
  digest = result.digest;
  await Promise.all([source.close(), target.close()]);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(options: { sample?: number; manifest?: boolean } = {}) {
  const source = await openSource(at('point'));
  const found = options.manifest === false ? null : await openManifest(at('manifest'));
  const manifest = found && 'header' in found ? found : null;
  const totals: number[] = [];
  const result = await readPoint({
    ...{ source, size: SIZE, manifest, sample: options.sample ?? null },
    ...{ signal: new AbortController().signal, onProgress: ({ done }) => totals.push(done) },
  });
  await Promise.all([source.close(), manifest?.close()]);
  expect(totals.at(-1)).toBe(result.bytes);
  return result;
}

function flip(...places: number[]): void {
  const damaged = Buffer.concat([content, Buffer.alloc(5000)]);
  for (const place of places) damaged[place] = (damaged[place] ?? 0) ^ 1;
  writeFileSync(at('point'), damaged);
}

test('what was copied has the digest that the copy told, whatever lies behind its size', async () => {
  expect(await read()).toEqual({ digest, wrong: [], unreadable: [], bytes: SIZE });
  flip(SIZE + 10);
  expect(await read({ manifest: false })).toEqual({ digest, wrong: null, unreadable: [], bytes: SIZE });
});

test('flips are found in their chunks, neighbours as one place, also in zeros and in the short last chunk', async () => {
  flip(0, 2 * MiB + 5, 4 * MiB + CHUNK - 1, 4 * MiB + CHUNK, SIZE - 1);
  const found = await read();
  expect(found.digest).not.toBe(digest);
  expect(placesOf(found)).toEqual([
    { start: 0, length: CHUNK },
    { start: 2 * MiB, length: CHUNK },
    { start: 4 * MiB, length: 2 * CHUNK },
    { start: 9 * MiB, length: 100 * KiB },
  ]);
});

test('without a manifest the digest tells that it is damaged, and nothing tells where', async () => {
  flip(5 * MiB);
  const found = await read({ manifest: false });
  expect(found.digest).not.toBe(digest);
  expect(placesOf(found)).toBeNull();
});

test('a sample reads its share, finds what lies in it, and gives no digest of the whole', async () => {
  flip(MiB);
  const some = await read({ sample: 40 });
  expect(some.digest).toBeNull();
  expect(some.bytes).toBeLessThan(SIZE);
  const all = await read({ sample: 100 });
  expect(placesOf(all)).toEqual([{ start: MiB, length: CHUNK }]);
});

test('samples: at least one block, never one twice, in the order of their places, other ones each time', () => {
  const size = bytes(400 * MiB);
  expect(sampleOf(size, 4 * MiB, 0.01)).toHaveLength(1);
  const seen = new Set<number>();
  for (let round = 0; round < 40; round++) {
    const offsets = sampleOf(size, 4 * MiB, 20).map(({ offset }) => offset);
    expect(offsets).toHaveLength(20);
    expect(new Set(offsets).size).toBe(20);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    for (const offset of offsets) seen.add(offset);
  }
  expect(seen.size).toBeGreaterThan(90);
});
