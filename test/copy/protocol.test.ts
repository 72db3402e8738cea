/** Single stories of the protocol: what is believed after a run that ended badly, and what is not touched at all. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CopyOptions } from '../../src/copy/copy.ts';
import { CopyError } from '../../src/copy/copy-error.ts';
import type { OpenSource, OpenTarget } from '../../src/copy/open-end.ts';
import type { Progress } from '../../src/copy/progress.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, KiB, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget, PowerCut } from './memory-ends.ts';
import { digestOf, run } from './run.ts';

const SIZE = 12 * MiB;

let folder: string;
let source: MemorySource;
let target: MemoryTarget;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'));
  source = new MemorySource(randomBytes(SIZE));
  target = new MemoryTarget(randomBytes(SIZE));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = () => ({ path: join(folder, 'manifest'), source: 'S', target: 'T', digest: null });

function refresh(options: Partial<CopyOptions> = {}) {
  const ends = { source: source.open(), target: target.open() };
  return run(ends, { mode: 'changed', manifest: place(), ...options });
}

function expectEqual() {
  expect(target.seen.subarray(0, source.content.length).equals(source.content)).toBe(true);
}

/** The target as it is, but for what is given. */
function withTraits(traits: (usual: OpenTarget) => Partial<OpenTarget>): OpenTarget {
  const usual = target.open();
  return { ...usual, ...traits(usual) };
}

const isHidden = () => target.seen.subarray(0, MiB).every((byte) => byte === 0);
const nothing = () => new RangeSet();

describe('a run that was killed left what it wrote in a cache', () => {
  test.each([
    ['a manifest is kept', () => place()],
    ['none is kept', () => null],
  ])(
    'and the next one, with nothing to write, flushes it before it calls it complete: %s',
    async (_, kept) => {
      let flushes = 0;
      const unlessDead = (work: () => Promise<void>) => {
        if (flushes === 3) throw new PowerCut('killed');
        return work();
      };
      const dying = withTraits((usual) => ({
        write: async (buffer, offset) => unlessDead(() => usual.write(buffer, offset)),
        flush: async () => {
          flushes = Math.min(3, flushes + 1);
          await unlessDead(() => usual.flush());
        },
      }));
      await expect(refresh({ target: dying, manifest: kept() })).rejects.toThrow('killed');
      target.startAgain();
      const result = await refresh({ manifest: kept() });
      expect(result).toMatchObject({ mode: 'compare', bytesWritten: 0 });
      target.restart(() => false);
      expectEqual();
    },
  );
});

describe('a source that grew out of less than a chunk', () => {
  test.each([
    ['a list', nothing],
    ['no list', () => null],
  ])('is copied to its end, with %s', async (_, list) => {
    const all = source.content;
    source.content = all.subarray(0, 100 * KiB);
    await refresh({ mode: 'full' });
    source.content = all.subarray(0, 3 * MiB + 512);
    const result = await refresh({ list: list() });
    expectEqual();
    expect(result.digest).toBe(digestOf(source.content));
    expect(existsSync(`${place().path}.dirty`)).toBe(false);
    expect(await refresh({ list: nothing() })).toMatchObject({ mode: 'list', bytesWritten: 0 });
  });
});

describe('a source that grew or shrank within a chunk', () => {
  test.each([
    ['grew', 700, 90],
    ['shrank', 90, 700],
    ['grew to its edge', 700, 0],
    ['shrank from its edge', 0, 700],
  ])('%s: the list does not name it, and it is copied all the same', async (_, before, after) => {
    const all = source.content;
    source.content = all.subarray(0, SIZE - before);
    await refresh({ mode: 'full' });
    source.content = all.subarray(0, SIZE - after);
    const result = await refresh({ list: nothing() });
    expectEqual();
    expect(result).toMatchObject({ mode: 'list', digest: digestOf(source.content) });
  });
});

test('what a run may have written is doubted until one comes to its end, however many were cut since', async () => {
  await refresh({ mode: 'full' });
  const before = Buffer.from(source.content);
  const [at, list] = [5 * MiB, nothing()];
  list.add(at, 1);
  source.content[at] = (source.content[at] ?? 0) ^ 1;
  let writes = 0;
  const dyingAfter = (most: number) =>
    withTraits((usual) => ({
      async write(buffer, offset) {
        await usual.write(buffer, offset);
        if (++writes === most) throw new PowerCut('killed');
      },
    }));
  // After the zeros and the chunk, and then after the zeros.
  await expect(refresh({ list, target: dyingAfter(2) })).rejects.toThrow('killed');
  source.content = before;
  writes = 0;
  await expect(refresh({ list: nothing(), target: dyingAfter(1) })).rejects.toThrow('killed');
  expect(await refresh({ list: nothing() })).toMatchObject({ mode: 'list', digest: digestOf(before) });
  expectEqual();
});

test('a signal that comes when all but the first MiB is there leaves it hidden', async () => {
  const stop = new AbortController();
  let flushes = 0;
  const stopping = withTraits((usual) => ({
    async flush() {
      if (++flushes === 2) stop.abort(new Error('stopped'));
      await usual.flush();
    },
  }));
  const copy = refresh({ mode: 'full', target: stopping, signal: stop.signal });
  await expect(copy).rejects.toThrow('stopped');
  expect(isHidden()).toBe(true);
});

describe('what a source could not give', () => {
  const bad = 5 * MiB + 8192;
  const eio = Object.assign(new Error('i/o error'), { code: 'EIO' });

  function failing(): OpenSource {
    const usual = source.open();
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

  const lost = [{ start: bytes(bad), length: bytes(4096) }];
  const skip = { onReadError: 'skip' } as const;

  test('is looked at again in every run, though no list names it', async () => {
    await refresh({ ...skip, source: failing(), mode: 'full' });
    for (let round = 0; round < 2; round++) {
      const result = await refresh({ ...skip, source: failing(), list: nothing() });
      expect(result).toMatchObject({ mode: 'list', unreadable: lost, bytesWritten: 0 });
      expect(result.digest).toBe(digestOf(target.seen));
    }
  });

  test('is healed by the first run that can read it, though no list names it', async () => {
    await refresh({ ...skip, source: failing(), mode: 'full' });
    const result = await refresh({ list: nothing() });
    expectEqual();
    expect(result).toMatchObject({ mode: 'list', unreadable: [], digest: digestOf(source.content) });
  });

  test.each(['written', 'full'] as const)(
    'is passed over when a list without a manifest is verified: %s',
    async (verify) => {
      target = new MemoryTarget(source.content);
      const list = nothing();
      for (const at of [bad, 9 * MiB]) list.add(at, 4096);
      const options = { ...skip, source: failing(), manifest: null, list, verify };
      expect(await refresh(options)).toMatchObject({
        mode: 'list',
        unreadable: lost,
        verified: { level: verify },
      });
      target.seen.fill(1, 9 * MiB, 9 * MiB + 9);
      const forgetful = withTraits((usual) => ({
        write: (buffer, offset) => (offset === 9 * MiB ? Promise.resolve() : usual.write(buffer, offset)),
      }));
      const again = refresh({ ...options, target: forgetful });
      await expect(again).rejects.toMatchObject({ side: 'target', offset: 9 * MiB });
    },
  );

  test('is not called verified in full, where a list without a manifest was followed and more is wrong', async () => {
    target = new MemoryTarget(source.content);
    target.seen.fill(1, 10 * MiB, 10 * MiB + 9);
    const list = nothing();
    list.add(bad, 4096);
    const copy = refresh({ ...skip, source: failing(), manifest: null, list, verify: 'full' });
    await expect(copy).rejects.toMatchObject({ side: 'target', offset: 10 * MiB });
  });
});

test('zeros are not left out of a target that a cut run has written to, new as it was', async () => {
  target = new MemoryTarget(Buffer.alloc(SIZE));
  target.cutAfter = 4;
  const full = { mode: 'full', targetReadsZero: true } as const;
  await expect(refresh(full)).rejects.toThrow(PowerCut);
  target.startAgain();
  source.content.fill(0, MiB);
  await refresh(full);
  expectEqual();
});

test('nor of one that its manifest knows', async () => {
  await refresh({ mode: 'full' });
  source.content.fill(0, MiB);
  await refresh({ mode: 'full', targetReadsZero: true });
  expectEqual();
});

test('a manifest that tells less than a moment ago fails the copy: no digest is made up', async () => {
  await refresh({ mode: 'full' });
  const list = nothing();
  source.content[2 * MiB] = (source.content[2 * MiB] ?? 0) ^ 1;
  list.add(2 * MiB, 1);
  const harming = withTraits((usual) => ({
    async write(buffer, offset) {
      const file = openSync(place().path, 'r+');
      writeSync(file, Buffer.alloc(100), 0, 100, 4096 + 200);
      closeSync(file);
      await usual.write(buffer, offset);
    },
  }));
  await expect(refresh({ target: harming, list })).rejects.toThrow('cannot be read now');
  expect(isHidden()).toBe(true);
  const result = await refresh({ list: nothing() });
  expectEqual();
  expect(result.digest).toBe(digestOf(source.content));
});

describe('nothing is written', () => {
  async function expectUntouched(copy: () => Promise<unknown>, message: string | RegExp) {
    const before = Buffer.from(target.seen);
    await expect(copy()).rejects.toThrow(message);
    expect(target.diary).toEqual([]);
    expect(target.seen.equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => /manifest/.test(name))).toEqual([]);
  }

  test('where the signal came before', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expectUntouched(() => refresh({ mode: 'full', signal }), 'stopped');
  });

  test('where both ends are the same', async () => {
    const same = withTraits((usual) => ({
      device: { ...usual.device, identity: source.open().device.identity },
    }));
    await expectUntouched(() => refresh({ mode: 'full', target: same }), 'are the same');
  });

  test('where the folder of the manifest is not there', async () => {
    const manifest = { ...place(), path: join(folder, 'none', 'manifest') };
    const copy = () => refresh({ mode: 'full', manifest });
    await expectUntouched(copy, /none\/manifest cannot be written: .*ENOENT/);
  });

  test('where what the manifest names does not fit into it', async () => {
    const manifest = { ...place(), source: 'S'.repeat(5000) };
    await expectUntouched(() => refresh({ mode: 'full', manifest }), 'too long');
  });

  test('where the dirty mark cannot be set', async () => {
    // A folder in its place cannot be replaced by a file.
    const { path } = place();
    const manifest = { ...place(), path: path.replace('manifest', 'm') };
    mkdirSync(`${manifest.path}.dirty`);
    await expectUntouched(() => refresh({ mode: 'full', manifest }), /m.dirty cannot be written/);
    expect(readdirSync(folder).sort()).toEqual(['m.dirty']);
  });
});

describe('the first MiB that does not read back', () => {
  test('is zero again', async () => {
    const forgetful = withTraits((usual) => ({
      async write(buffer, offset) {
        const kept = Buffer.from(buffer);
        if (offset === 0 && kept.some((byte) => byte !== 0)) kept[5] = (kept[5] ?? 0) ^ 1;
        await usual.write(kept, offset);
      },
    }));
    const copy = refresh({ mode: 'full', target: forgetful, verify: 'written' });
    await expect(copy).rejects.toMatchObject({ side: 'target', offset: 0 });
    expect(isHidden()).toBe(true);
  });

  test('or could not be flushed, too', async () => {
    let flushes = 0;
    const failing = withTraits((usual) => ({
      async flush() {
        if (++flushes === 3) throw new CopyError('target', usual.name, null, 'it could not be flushed');
        await usual.flush();
      },
    }));
    await expect(refresh({ mode: 'full', target: failing })).rejects.toThrow('flushed');
    expect(isHidden()).toBe(true);
  });
});

describe('progress ends at its total, and says what was verified', () => {
  const list = () => {
    const ranges = nothing();
    for (const at of [100, 5 * MiB + 3, 7 * MiB, SIZE - 700]) ranges.add(at, 9);
    return ranges;
  };

  test.each([
    ['a list and a manifest', () => ({ list: list() })],
    ['a list alone', () => ({ list: list(), manifest: null })],
    ['a manifest', () => ({})],
    ['a comparison', () => ({ manifest: null })],
  ])('with %s', async (_, options) => {
    source.content = source.content.subarray(0, SIZE - 600);
    await refresh({ mode: 'full' });
    for (const at of [5 * MiB + 3, 7 * MiB, SIZE - 700]) source.content.fill(1, at, at + 9);
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    const result = await refresh({ ...options(), verify: 'written', onProgress });
    expectEqual();
    const ends = (['copy', 'verify'] as const).map((phase) => seen.findLast((one) => one.phase === phase));
    for (const end of ends) expect(end?.done).toBe(end?.total);
    expect(result.verified.bytes).toBe(ends[1]?.total);
    expect(ends[1]?.total).toBeLessThan(MiB);
  });
});
