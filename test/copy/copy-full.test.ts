import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CopyError } from '../../src/copy/copy-error.ts';
import { copyFull } from '../../src/copy/copy-full.ts';
import { CHUNK } from '../../src/copy/digest.ts';
import { openSource, openTarget, type Source, type Target } from '../../src/copy/endpoint.ts';
import { bytes, MiB } from '../../src/units.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'));
});
const opened: Source[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((end) => end.close()));
  rmSync(folder, { recursive: true });
});

/** The contract's definition, written plainly. */
function digestOf(data: Buffer): string {
  const root = createHash('sha256');
  for (let at = 0; at < data.length; at += CHUNK) {
    root.update(
      createHash('sha256')
        .update(data.subarray(at, at + CHUNK))
        .digest(),
    );
  }
  return `sha256-256KiB:${root.digest('hex')}`;
}

async function ends(data: Buffer, targetSize = data.length) {
  writeFileSync(join(folder, 'source'), data);
  writeFileSync(join(folder, 'target'), randomBytes(Math.min(targetSize, 64)));
  truncateSync(join(folder, 'target'), targetSize);
  const source = await openSource(join(folder, 'source'));
  const target = await openTarget(join(folder, 'target'));
  opened.push(source, target);
  return { source, target };
}

const target = () => readFileSync(join(folder, 'target'));

describe('a full copy', () => {
  test.each([1, 4096, MiB - 1, MiB, MiB + 1, 5 * MiB + 512, 9 * MiB])(
    'of %i bytes is equal',
    async (size) => {
      const data = randomBytes(size);
      const { source, target: to } = await ends(data, size + 3 * 4096);
      const result = await copyFull({ source, target: to, size: bytes(size) });
      expect(target().subarray(0, size).equals(data)).toBe(true);
      expect(result.digest).toBe(digestOf(data));
    },
  );

  test('ends with what it was told to copy, and tells so', async () => {
    const data = randomBytes(3 * MiB);
    const { source, target: to } = await ends(data);
    const seen: number[] = [];
    await copyFull({
      source,
      target: to,
      size: bytes(data.length),
      onProgress: ({ done }) => seen.push(done),
    });
    expect(seen.at(-1)).toBe(data.length);
  });
});

/** A target that keeps a diary of what is asked of it, and can fail at a write. */
function watched(to: Target, diary: string[], failAt: number | null = null): Target {
  return {
    ...to,
    async write(buffer, offset) {
      if (failAt === offset) throw new CopyError('target', to.name, offset, 'input/output error (EIO)');
      const zero = buffer.every((byte) => byte === 0);
      diary.push(`${zero ? 'zero' : 'data'} ${offset / MiB}`);
      await to.write(buffer, offset);
    },
    async flush() {
      diary.push('flush');
      await to.flush();
    },
  };
}

test('the first MiB is zeroed first and written last, each time after a flush', async () => {
  const data = randomBytes(3 * MiB);
  const { source, target: to } = await ends(data);
  const diary: string[] = [];
  await copyFull({ source, target: watched(to, diary), size: bytes(data.length) });
  expect([...diary.slice(0, 2), ...diary.slice(2, 4).sort(), ...diary.slice(4)]).toEqual([
    'zero 0',
    'flush',
    'data 1',
    'data 2',
    'flush',
    'data 0',
    'flush',
  ]);
});

test('a failed write ends the copy with the device and the offset, and the first MiB stays zero', async () => {
  const data = randomBytes(6 * MiB);
  const { source, target: to } = await ends(data);
  const copy = copyFull({ source, target: watched(to, [], 4 * MiB), size: bytes(data.length) });
  await expect(copy).rejects.toMatchObject({ side: 'target', offset: 4 * MiB, device: to.name });
  expect(
    target()
      .subarray(0, MiB)
      .every((byte) => byte === 0),
  ).toBe(true);
});

test('a target that is too small is refused before it is touched', async () => {
  const { source, target: to } = await ends(randomBytes(2 * MiB), MiB);
  const before = target();
  await expect(copyFull({ source, target: to, size: bytes(2 * MiB) })).rejects.toThrow(
    /target .* at byte 1048576/,
  );
  expect(target().equals(before)).toBe(true);
});

test('a source that ends early is an error with its place', async () => {
  const { source, target: to } = await ends(randomBytes(2 * MiB), 4 * MiB);
  const longer = { ...source, size: bytes(4 * MiB) };
  await expect(copyFull({ source: longer, target: to, size: bytes(4 * MiB) })).rejects.toMatchObject({
    side: 'source',
    offset: 2 * MiB,
  });
});

test('a signal ends it within a request', async () => {
  const data = randomBytes(8 * MiB);
  const { source, target: to } = await ends(data);
  const stop = new AbortController();
  const diary: string[] = [];
  const stopping: Target = {
    ...watched(to, diary),
    async write(buffer, offset) {
      if (offset === 2 * MiB) stop.abort(new Error('stopped'));
      await watched(to, diary).write(buffer, offset);
    },
  };
  const copy = copyFull({ source, target: stopping, size: bytes(data.length), signal: stop.signal });
  await expect(copy).rejects.toThrow('stopped');
  expect(diary).not.toContain('data 0');
});
