/** A state folder that is full or cannot be written to: told as such, and before the target is touched. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { keeping, requireRoom } from '../../src/copy/keeping.ts';
import { ManifestWriter } from '../../src/copy/manifest-writer.ts';
import { ExitCode, UserError } from '../../src/errors.ts';
import { bytes, KiB, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget } from './memory-ends.ts';
import { run } from './run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keeping-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('an error of the file system names the file, and what to do', async () => {
  const work = () => Promise.reject(new Error('ENOSPC: no space left on device, write'));
  await expect(keeping('/state/m', work)).rejects.toMatchObject({
    message: '/state/m cannot be written: ENOSPC: no space left on device, write',
    hint: expect.stringContaining('make room'),
    exitCode: ExitCode.failed,
  });
  expect(await keeping('/state/m', async () => 5)).toBe(5);
});

test('room that is there is enough, and more than that is refused', async () => {
  const { bavail, bsize } = statfsSync(folder);
  await requireRoom(join(folder, 'm'), Math.floor((bavail * bsize) / 2));
  await expect(requireRoom(join(folder, 'm'), 2 ** 60)).rejects.toThrow(
    /m cannot be written: it takes .* TiB, and .* free/,
  );
  await expect(requireRoom(join(folder, 'none', 'm'), 1)).rejects.toThrow(
    /none\/m cannot be written: ENOENT/,
  );
});

/** Why no small file system can be mounted here; null where it can. */
function whyNoMounts(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place], { stdio: 'pipe' });
    execFileSync('umount', [place]);
    return null;
  } catch (error) {
    return `nothing can be mounted here: ${(error as Error).message.split('\n')[0]}`;
  } finally {
    rmSync(place, { recursive: true });
  }
}

const whyNot = whyNoMounts();

describe.skipIf(whyNot !== null)(`a small file system${whyNot === null ? '' : ` (${whyNot})`}`, () => {
  const state = () => join(folder, 'state');
  const mount = (size: number, option = 'rw') => {
    mkdirSync(state(), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},${option}`, 'none', state()]);
  };
  afterEach(() => execFileSync('umount', [state()]));

  const data = randomBytes(4 * MiB);
  const place = () => ({ path: join(state(), 'm'), source: 'S', target: 'T', digest: null });

  test.each([
    ['full', 64 * KiB, 'rw', /m cannot be written: it takes 520.0 KiB, and 64.0 KiB are free there/],
    ['read-only', MiB, 'ro', /m cannot be written: EROFS/],
  ])('that is %s is found before the target is touched', async (_, size, option, message) => {
    mount(size, option);
    const target = new MemoryTarget(randomBytes(data.length));
    const ends = { source: new MemorySource(data).open(), target: target.open() };
    await expect(run(ends, { manifest: place() })).rejects.toThrow(message);
    expect(target.diary).toEqual([]);
    expect(readdirSync(state())).toEqual([]);
  });

  test('that fills up meanwhile fails the copy: the target stays hidden, and marked', async () => {
    mount(MiB);
    const target = new MemoryTarget(randomBytes(data.length));
    const usual = target.open();
    const filling = {
      ...usual,
      async write(buffer: Buffer, offset: number) {
        const { bavail, bsize } = statfsSync(state());
        if (offset > 0 && bavail > 0)
          writeFileSync(join(state(), `fill-${offset}`), Buffer.alloc(bavail * bsize));
        await usual.write(buffer, offset);
      },
    };
    const copy = run({ source: new MemorySource(data).open(), target: filling }, { manifest: place() });
    await expect(copy).rejects.toThrow(UserError);
    await expect(copy).rejects.toThrow(/m cannot be written: ENOSPC/);
    expect(target.seen.subarray(0, MiB).every((byte) => byte === 0)).toBe(true);
    expect(existsSync(`${place().path}.dirty`)).toBe(true);
    expect(existsSync(`${place().path}.new`)).toBe(false);
  });

  test('has no room for the manifest of a large volume, and nothing is left of the trial', async () => {
    mount(MiB);
    const facts = { target: 'T', source: 'S', generation: 1, key: Buffer.alloc(16) };
    const large = ManifestWriter.create(place().path, { ...facts, size: bytes(30_000 * CHUNK) });
    await expect(large).rejects.toThrow('cannot be written: it takes 1.9 MiB');
    expect(readdirSync(state())).toEqual([]);
  });
});
