import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import type { CopyOptions } from '../../src/copy/copy.ts';
import { PAGE_BYTES } from '../../src/copy/manifest-format.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget, PowerCut } from './memory-ends.ts';
import { digestOf, run } from './run.ts';

const SIZE = 30 * MiB;

let folder: string;
let source: MemorySource;
let target: MemoryTarget;
let digest: string | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'));
  source = new MemorySource(randomBytes(SIZE));
  target = new MemoryTarget(randomBytes(SIZE));
  digest = null;
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'manifest');

function refresh(options: Partial<CopyOptions> = {}, place: Partial<CopyOptions['manifest'] & {}> = {}) {
  const manifest = { path: path(), source: 'S', target: 'T', digest, ...place };
  return run({ source: source.open(), target: target.open() }, { mode: 'changed', manifest, ...options });
}

async function firstCopy() {
  const result = await refresh({ mode: 'full' });
  digest = result.digest;
  return result;
}

/** Another byte in each of these chunks. */
function change(...chunks: number[]): RangeSet {
  const list = new RangeSet();
  for (const chunk of chunks) {
    const at = chunk * CHUNK + 77;
    source.content[at] = (source.content[at] ?? 0) ^ 0xff;
    list.add(at, 1);
  }
  return list;
}

function expectEqual() {
  expect(target.seen.subarray(0, source.content.length).equals(source.content)).toBe(true);
}

describe('with a manifest', () => {
  test('nothing changed: the source is read once, nothing is written, the digest is the same', async () => {
    await firstCopy();
    target.diary.length = 0;
    const result = await refresh();
    expect(result).toMatchObject({ mode: 'manifest', bytesWritten: 0, bytesSkipped: SIZE, digest });
    expect(result.bytesRead).toEqual({ source: SIZE, target: MiB });
    expect(target.diary).toEqual([]);
  });

  test('only chunks that changed are written, between zeros and the first MiB', async () => {
    await firstCopy();
    change(20, 21, 70);
    target.diary.length = 0;
    const result = await refresh({ verify: 'written' });
    expectEqual();
    expect(result).toMatchObject({ mode: 'manifest', digest: digestOf(source.content) });
    expect(result.bytesWritten).toBe(3 * CHUNK + 2 * MiB);
    expect(result.bytesSkipped).toBe(SIZE - 3 * CHUNK - MiB);
    expect(target.diary).toEqual([
      ...[`zero 0+${MiB}`, 'flush', `data ${20 * CHUNK}+${2 * CHUNK}`, `data ${70 * CHUNK}+${CHUNK}`],
      ...['flush', `data 0+${MiB}`, 'flush'],
    ]);
  });

  test('a change in the first MiB alone is seen', async () => {
    await firstCopy();
    change(0);
    await refresh();
    expectEqual();
  });

  test('run after run it goes on from where the last one was', async () => {
    await firstCopy();
    for (const chunk of [10, 11, 119, 10]) {
      change(chunk);
      const result = await refresh();
      digest = result.digest;
      expect(result.mode).toBe('manifest');
      expectEqual();
    }
    expect(digest).toBe(digestOf(source.content));
  });

  test.each([
    ['grew', SIZE + 5 * CHUNK + 4096],
    ['shrank', SIZE - 3 * CHUNK - 512],
  ])('the source %s', async (how, size) => {
    await firstCopy();
    source.content = Buffer.concat([source.content, randomBytes(10 * CHUNK)]).subarray(0, size);
    if (size > SIZE) target.grow(bytes(size));
    const result = await refresh();
    expectEqual();
    expect(result.mode).toBe('manifest');
    expect(result.reason).toContain(how);
    expect(result.digest).toBe(digestOf(source.content));
  });

  test('it is small, private, and nothing else is left beside it', async () => {
    await firstCopy();
    expect(statSync(path()).size).toBeLessThan(4 * PAGE_BYTES);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path()}.dirty`)).toBe(false);
    expect(existsSync(`${path()}.new`)).toBe(false);
  });
});

describe('with a list', () => {
  test('only what it names is read, whole chunks of it, and the rest is carried over', async () => {
    await firstCopy();
    const list = change(30, 31);
    list.add(90 * CHUNK, 5);
    const result = await refresh({ list });
    expectEqual();
    expect(result).toMatchObject({ mode: 'list', digest: digestOf(source.content) });
    expect(result.bytesRead.source).toBe(3 * CHUNK + MiB);
    expect(result.bytesWritten).toBe(2 * CHUNK + 2 * MiB);
  });

  test('nothing in it: nothing is written', async () => {
    await firstCopy();
    const result = await refresh({ list: new RangeSet() });
    expect(result).toMatchObject({ mode: 'list', bytesWritten: 0, digest });
  });

  test('of a source that grew: what came after is looked at too', async () => {
    await firstCopy();
    source.content = Buffer.concat([source.content, randomBytes(3 * CHUNK)]);
    target.grow(bytes(source.content.length));
    const result = await refresh({ list: new RangeSet() });
    expectEqual();
    expect(result).toMatchObject({ mode: 'list', digest: digestOf(source.content) });
  });

  test('without a manifest: its ranges, and no digest', async () => {
    await firstCopy();
    const list = change(30, 100);
    const result = await refresh({ list, manifest: null, verify: 'written' });
    expectEqual();
    expect(result).toMatchObject({ mode: 'list', digest: null });
    expect(result.verified).toMatchObject({ against: 'source', bytes: 2 * 4096 });
    expect(result.bytesWritten).toBe(2 * 4096 + 2 * MiB);
  });
});

describe('where the manifest cannot be believed, both sides are compared, and the reason is told', () => {
  async function expectCompared(reason: string, options = {}, place = {}) {
    const result = await refresh(options, place);
    expect(result).toMatchObject({ mode: 'compare', digest: digestOf(source.content) });
    expect(result.reason).toContain(reason);
    expectEqual();
    const next = await refresh({}, { ...place, digest: result.digest });
    expect(next).toMatchObject({ mode: 'manifest', bytesWritten: 0 });
  }

  test('there is none', async () => {
    await firstCopy();
    rmSync(path());
    await expectCompared('there is no manifest');
  });

  test('and the target is right already: nothing is written', async () => {
    await firstCopy();
    rmSync(path());
    expect(await refresh()).toMatchObject({ mode: 'compare', bytesWritten: 0 });
  });

  test('it is of another target', async () => {
    await firstCopy();
    await expectCompared('of another target', {}, { target: 'U' });
  });

  test('it was made for another source', async () => {
    await firstCopy();
    await expectCompared('for another source', {}, { source: 'U' });
  });

  test('it is of another generation', async () => {
    await firstCopy();
    const old = readFileSync(path());
    change(50);
    digest = (await refresh()).digest;
    change(50);
    writeFileSync(path(), old);
    await expectCompared('another generation');
  });

  test('the target was written to', async () => {
    await firstCopy();
    target.seen.fill(7, 100, 200);
    await expectCompared('begins otherwise');
  });

  test('its header is damaged', async () => {
    await firstCopy();
    const damaged = readFileSync(path());
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    writeFileSync(path(), damaged);
    await expectCompared('is damaged');
  });

  test('it is cut short', async () => {
    await firstCopy();
    writeFileSync(path(), readFileSync(path()).subarray(0, 2 * PAGE_BYTES));
    await expectCompared('is cut short');
  });

  test('the last run was cut while it wrote', async () => {
    await firstCopy();
    change(40, 41, 42);
    target.cutAfter = 5;
    await expect(refresh()).rejects.toThrow(PowerCut);
    target.restart(() => true);
    await expectCompared('was cut');
  });

  test('and there is a list: that is not followed either', async () => {
    await firstCopy();
    rmSync(path());
    change(60);
    await expectCompared('there is no manifest', { list: new RangeSet() });
  });
});

test('a damaged page of the manifest costs a look at its chunks, and no more', async () => {
  await firstCopy();
  const damaged = readFileSync(path());
  damaged[PAGE_BYTES + 100] = (damaged[PAGE_BYTES + 100] ?? 0) ^ 1;
  writeFileSync(path(), damaged);
  change(8, 100);
  const result = await refresh();
  expectEqual();
  expect(result.mode).toBe('manifest');
  expect(result.bytesRead.target).toBeGreaterThan(20 * MiB);
  expect(result.bytesRead.target).toBeLessThan(26 * MiB);
  expect(result.digest).toBe(digestOf(source.content));
});

describe('the two traps of a run that was cut', () => {
  test('what it wrote and the source took back is found, though the source is as the manifest says', async () => {
    await firstCopy();
    const before = Buffer.from(source.content);
    change(40);
    target.cutAfter = 4;
    await expect(refresh()).rejects.toThrow(PowerCut);
    target.restart(() => true);
    source.content = before;
    await refresh();
    expectEqual();
  });

  test('so it is where a list was followed, and the next list does not name it', async () => {
    await firstCopy();
    const before = Buffer.from(source.content);
    const list = change(40);
    target.cutAfter = 4;
    await expect(refresh({ list })).rejects.toThrow(PowerCut);
    target.restart(() => true);
    source.content = before;
    const result = await refresh({ list: new RangeSet() });
    expectEqual();
    expect(result.mode).toBe('list');
    expect(result.reason).toContain('cut');
    expect(result.bytesRead.source).toBeLessThan(3 * MiB);
  });

  test('also when the second run was cut too', async () => {
    await firstCopy();
    const before = Buffer.from(source.content);
    for (const chunk of [40, 80]) {
      const list = change(chunk);
      target.cutAfter = 4;
      await expect(refresh({ list })).rejects.toThrow(PowerCut);
      target.restart(() => true);
      source.content = Buffer.from(before);
    }
    expect((await refresh({ list: new RangeSet() })).mode).toBe('list');
    expectEqual();
  });
});

test('a target that rots is found by verify: full, and the next run heals it', async () => {
  await firstCopy();
  target.seen.fill(1, 70 * CHUNK, 70 * CHUNK + 9);
  await expect(refresh({ verify: 'full' })).rejects.toMatchObject({ side: 'target', offset: 70 * CHUNK });
  expect((await refresh({ verify: 'full' })).mode).toBe('compare');
  expectEqual();
});

describe('the copy says when the target stops being what it was', () => {
  let touched: string | null;
  const watched = (options: Partial<CopyOptions> = {}) => {
    touched = null;
    target.diary.length = 0;
    const onTouch = () => {
      touched ??= target.diary.join(' ');
    };
    return refresh({ onTouch, ...options });
  };

  test('before the first write, and never where nothing is written', async () => {
    await firstCopy();
    await watched();
    expect(touched).toBeNull();
    change(20);
    await watched();
    expect(touched).toBe('');
    expect(target.diary).not.toEqual([]);
  });

  test('not where the source fails before that', async () => {
    await firstCopy();
    change(20);
    const open = source.open();
    const failing = { ...open, read: () => Promise.reject(new Error('it fails')) };
    await expect(watched({ source: failing })).rejects.toThrow('it fails');
    expect(touched).toBeNull();
    expect(target.diary).toEqual([]);
  });

  test('where it is found to be other than it was thought, though nothing was written', async () => {
    await firstCopy();
    target.seen[50 * CHUNK] = (target.seen[50 * CHUNK] ?? 0) ^ 1;
    await expect(watched({ verify: 'full' })).rejects.toThrow();
    expect(target.diary).toEqual([]);
    expect(touched).toBe('');
  });
});
