import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { CopyError } from '../../src/copy/copy-error.ts';
import { type OpenSource, type OpenTarget, openSource, openTarget } from '../../src/copy/open-end.ts';
import type { Progress } from '../../src/copy/progress.ts';
import { bytes, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget } from './memory-ends.ts';
import { digestOf, run } from './run.ts';

let folder: string;
const opened: OpenSource[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((end) => end.close()));
  rmSync(folder, { recursive: true });
});

/** Two files; the target holds some old bytes. */
async function files(data: Buffer, targetSize = data.length) {
  writeFileSync(join(folder, 'source'), data);
  writeFileSync(join(folder, 'target'), randomBytes(Math.min(targetSize, 64)));
  truncateSync(join(folder, 'target'), targetSize);
  const source = await openSource(join(folder, 'source'));
  const target = await openTarget(join(folder, 'target'));
  opened.push(source, target);
  return { source, target };
}

const written = () => readFileSync(join(folder, 'target'));

describe('a full copy of files', () => {
  test.each([1, 511, 4096, MiB - 1, MiB, MiB + 1, 5 * MiB + 512, 9 * MiB + 4097])(
    'of %i bytes is equal',
    async (size) => {
      const data = randomBytes(size);
      const ends = await files(data, size + 3 * 4096);
      const result = await run(ends, { verify: 'written' });
      expect(written().subarray(0, size).equals(data)).toBe(true);
      expect(result).toMatchObject({ mode: 'full', digest: digestOf(data), bytesSkipped: 0, unreadable: [] });
    },
  );

  test('in threads of its own is equal too', { timeout: 60_000 }, async () => {
    const data = Buffer.concat([randomBytes(3 * MiB), Buffer.alloc(256 * MiB), randomBytes(3 * MiB + 17)]);
    const ends = await files(data);
    const result = await run(ends, { verify: 'full', targetReadsZero: false });
    expect(written().equals(data)).toBe(true);
    expect(result.digest).toBe(digestOf(data));
    expect(result.verified).toMatchObject({ level: 'full', against: 'source' });
  });

  test('tells how far it is, up to the end', async () => {
    const ends = await files(randomBytes(3 * MiB));
    const seen: Progress[] = [];
    await run(ends, { verify: 'written', onProgress: (progress) => seen.push(progress) });
    const last = (phase: string) => seen.filter((one) => one.phase === phase).at(-1);
    expect(last('copy')).toMatchObject({ done: 2 * MiB, total: 2 * MiB, written: 2 * MiB, skipped: 0 });
    expect(last('verify')).toMatchObject({ done: 2 * MiB, total: 2 * MiB });
  });

  test('leaves zeros out of a file that is new, and it takes no room for them', async () => {
    const data = Buffer.concat([randomBytes(2 * MiB), Buffer.alloc(32 * MiB), randomBytes(MiB)]);
    const ends = await files(data);
    truncateSync(join(folder, 'target'), 0);
    truncateSync(join(folder, 'target'), data.length);
    const result = await run(ends, { targetReadsZero: true, verify: 'full' });
    expect(written().equals(data)).toBe(true);
    expect(result.bytesSkipped).toBe(32 * MiB);
    expect(statSync(join(folder, 'target')).blocks * 512).toBeLessThan(8 * MiB);
  });

  test('writes zeros where the target may hold something else', async () => {
    const data = Buffer.alloc(4 * MiB);
    const target = new MemoryTarget(randomBytes(4 * MiB));
    await run({ source: new MemorySource(data).open(), target: target.open() });
    expect(target.seen.equals(data)).toBe(true);
  });
});

test('the first MiB is zeroed first and written last, each time after a flush', async () => {
  const target = new MemoryTarget(randomBytes(3 * MiB));
  await run({ source: new MemorySource(randomBytes(3 * MiB)).open(), target: target.open() });
  const { diary } = target;
  expect(diary).toEqual([
    ...[`zero 0+${MiB}`, 'flush', `data ${MiB}+${2 * MiB}`, 'flush', `data 0+${MiB}`, 'flush'],
  ]);
});

/** The target as it is, but for what is given. */
function target(content: Buffer, traits: (usual: OpenTarget) => Partial<OpenTarget>) {
  const memory = new MemoryTarget(content);
  const usual = memory.open();
  return { memory, target: { ...usual, ...traits(usual) } };
}

describe('what goes wrong', () => {
  test('a failed write ends the copy with the device and the offset, and the first MiB stays zero', async () => {
    const { memory, target: to } = target(randomBytes(9 * MiB), (usual) => ({
      async write(buffer, offset) {
        if (offset === 5 * MiB) throw new CopyError('target', usual.name, offset, 'input/output error');
        await usual.write(buffer, offset);
      },
    }));
    const copy = run({ source: new MemorySource(randomBytes(9 * MiB)).open(), target: to });
    await expect(copy).rejects.toMatchObject({ side: 'target', offset: 5 * MiB, device: to.name });
    expect(memory.seen.subarray(0, MiB).every((byte) => byte === 0)).toBe(true);
  });

  test('a flush that fails fails the copy', async () => {
    let flushes = 0;
    const { memory, target: to } = target(randomBytes(2 * MiB), (usual) => ({
      async flush() {
        if (++flushes === 2) throw new CopyError('target', usual.name, null, 'it could not be flushed');
        await usual.flush();
      },
    }));
    const copy = run({ source: new MemorySource(randomBytes(2 * MiB)).open(), target: to });
    await expect(copy).rejects.toThrow('flushed');
    expect(memory.seen.subarray(0, MiB).every((byte) => byte === 0)).toBe(true);
  });

  test('a target that is too small is refused before it is touched', async () => {
    const ends = await files(randomBytes(2 * MiB), MiB);
    const before = written();
    await expect(run(ends)).rejects.toThrow(/target .* at byte 1048576/);
    expect(written().equals(before)).toBe(true);
  });

  test('a source that ends early is an error with its place', async () => {
    const { source, target: to } = await files(randomBytes(2 * MiB), 4 * MiB);
    const longer = { ...source, size: bytes(4 * MiB) };
    await expect(run({ source: longer, target: to })).rejects.toMatchObject({
      ...{ side: 'source', offset: 2 * MiB },
    });
  });

  test('an empty source is no copy', async () => {
    const ends = await files(Buffer.alloc(0), 4 * MiB);
    await expect(run(ends)).rejects.toThrow('it is empty');
  });

  test('a signal ends it within a request', async () => {
    const stop = new AbortController();
    const { memory, target: to } = target(randomBytes(8 * MiB), (usual) => ({
      async write(buffer, offset) {
        if (offset === MiB) stop.abort(new Error('stopped'));
        await usual.write(buffer, offset);
      },
    }));
    const source = new MemorySource(randomBytes(8 * MiB)).open();
    await expect(run({ source, target: to }, { signal: stop.signal })).rejects.toThrow('stopped');
    expect(memory.diary).not.toContain(`data 0+${MiB}`);
  });

  test.each([
    ['written', 'it does not read back as it was written'],
    ['full', 'it does not hold what the source holds'],
  ] as const)('a target that forgets what it was given is found by verify: %s', async (verify, message) => {
    const { memory, target: to } = target(Buffer.alloc(6 * MiB), (usual) => ({
      async write(buffer, offset) {
        const kept = Buffer.from(buffer);
        if (offset === MiB) kept[CHUNK + 5] = (kept[CHUNK + 5] ?? 0) ^ 1;
        await usual.write(kept, offset);
      },
    }));
    const source = new MemorySource(randomBytes(6 * MiB)).open();
    const copy = run({ source, target: to }, { verify });
    await expect(copy).rejects.toMatchObject({ side: 'target', offset: MiB + CHUNK, what: message });
    expect(memory.seen.subarray(0, MiB).every((byte) => byte === 0)).toBe(true);
  });

  test('so it is in the first MiB', async () => {
    const { target: to } = target(Buffer.alloc(2 * MiB), (usual) => ({
      write: (buffer, offset) => usual.write(offset === 0 ? Buffer.alloc(buffer.length) : buffer, offset),
    }));
    const source = new MemorySource(randomBytes(2 * MiB)).open();
    await expect(run({ source, target: to }, { verify: 'written' })).rejects.toMatchObject({ offset: 0 });
  });
});

describe('a source with places that cannot be read', () => {
  const size = 5 * MiB;
  const bad = 3 * MiB + 8192;
  const eio = Object.assign(new Error('i/o error'), { code: 'EIO' });

  function failing(data: Buffer): OpenSource {
    const usual = new MemorySource(data).open();
    return {
      ...usual,
      async read(buffer, offset) {
        if (offset <= bad && bad < offset + buffer.length) {
          throw new CopyError('source', usual.name, bad, 'input/output error', { cause: eio });
        }
        await usual.read(buffer, offset);
      },
    };
  }

  test('stops at the first, as it is told to by default', async () => {
    const ends = { source: failing(randomBytes(size)), target: new MemoryTarget(Buffer.alloc(size)).open() };
    await expect(run(ends)).rejects.toMatchObject({ side: 'source', offset: bad });
  });

  test.each(['none', 'written', 'full'] as const)(
    'or is copied around them, and they are named; verify: %s',
    async (verify) => {
      const data = randomBytes(size);
      const memory = new MemoryTarget(Buffer.alloc(size));
      const ends = { source: failing(data), target: memory.open() };
      const result = await run(ends, { onReadError: 'skip', verify });
      expect(result.unreadable).toEqual([{ start: bad, length: 4096 }]);
      data.fill(0, bad, bad + 4096);
      expect(memory.seen.equals(data)).toBe(true);
      expect(result.digest).toBe(digestOf(data));
    },
  );

  test('a device that is gone is no place that cannot be read', async () => {
    const usual = new MemorySource(randomBytes(size)).open();
    const gone = Object.assign(new Error('gone'), { code: 'ENXIO' });
    const source: OpenSource = {
      ...usual,
      async read() {
        throw new CopyError('source', usual.name, 0, 'the device is gone', { cause: gone });
      },
    };
    const copy = run(
      { source, target: new MemoryTarget(Buffer.alloc(size)).open() },
      { onReadError: 'skip' },
    );
    await expect(copy).rejects.toThrow('gone');
  });
});
