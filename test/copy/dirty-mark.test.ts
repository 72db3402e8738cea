import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clearDirty, dirtyPath, readDirty, setDirty, smallSet } from '../../src/copy/dirty-mark.ts';
import { UserError } from '../../src/errors.ts';
import { RangeSet } from '../../src/ranges.ts';
import { MiB } from '../../src/units.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dirty-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'manifest');

function setOf(ranges: readonly (readonly [number, number])[]): RangeSet {
  const set = new RangeSet();
  for (const [start, length] of ranges) set.add(start, length);
  return set;
}

async function readRanges(): Promise<[number, number][]> {
  const doubt = await readDirty(path());
  if (doubt === null || doubt === 'anything') throw new Error(`no ranges: ${doubt}`);
  return [...doubt.ranges].map(({ start, length }) => [start, length]);
}

test('where there is none, no run was cut', async () => {
  expect(await readDirty(path())).toBeNull();
});

test('anything stays anything, and goes when it is cleared', async () => {
  await setDirty(path(), 'anything');
  expect(await readDirty(path())).toBe('anything');
  expect(statSync(dirtyPath(path())).mode & 0o777).toBe(0o600);
  await clearDirty(path());
  expect(readdirSync(folder)).toEqual([]);
  await clearDirty(path());
});

test('ranges come back as they are', async () => {
  const range = fc.tuple(fc.nat(2 ** 50), fc.integer({ min: 1, max: 2 ** 40 }));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 50 }), async (ranges) => {
      const set = setOf(ranges);
      await setDirty(path(), { ranges: set });
      expect(await readRanges()).toEqual([...set].map(({ start, length }) => [start, length]));
    }),
    { numRuns: 50 },
  );
});

test('the newer one takes the place of the older', async () => {
  await setDirty(path(), 'anything');
  await setDirty(path(), { ranges: setOf([[5, 6]]) });
  expect(await readRanges()).toEqual([[5, 6]]);
  expect(readdirSync(folder)).toEqual(['manifest.dirty']);
});

test.each([
  ['', 'nothing'],
  ['{"version":1,"ranges":[[0,5]', 'half a file'],
  ['null', 'null'],
  ['{"version":2,"ranges":[[0,5]]}', 'another version'],
  ['{"version":1}', 'no ranges'],
  ['{"version":1,"ranges":"anything"}', 'the word'],
  ['{"version":1,"ranges":[[-1,5]]}', 'a range before the start'],
  ['{"version":1,"ranges":[[0,"5"]]}', 'a length that is a word'],
  ['{"version":1,"ranges":[[5]]}', 'half a range'],
  ['{"version":1,"ranges":[7]}', 'a number'],
])('what cannot be understood stands for anything: %s', async (text) => {
  writeFileSync(dirtyPath(path()), text);
  expect(await readDirty(path())).toBe('anything');
});

test('so does what cannot be read', async () => {
  mkdirSync(dirtyPath(path()));
  expect(await readDirty(path())).toBe('anything');
});

describe('where it cannot be set, that is said, and nothing is left', () => {
  test('no folder', async () => {
    const nowhere = join(folder, 'none', 'manifest');
    await expect(setDirty(nowhere, 'anything')).rejects.toThrow(UserError);
    await expect(setDirty(nowhere, 'anything')).rejects.toThrow(
      /none\/manifest.dirty cannot be written: ENOENT/,
    );
  });

  test('something else in its place', async () => {
    mkdirSync(dirtyPath(path()));
    await expect(setDirty(path(), 'anything')).rejects.toThrow('cannot be written');
    expect(existsSync(`${dirtyPath(path())}.new`)).toBe(false);
  });
});

test('many ranges are rounded outwards: the mark stays small and covers them all', async () => {
  const many = setOf(Array.from({ length: 60_000 }, (_, index) => [index * 20_000 + 7, 100] as const));
  const few = smallSet(many, [...setOf([[2 ** 40, 9]])]);
  expect(few.count).toBeLessThanOrEqual(10_000);
  await setDirty(path(), { ranges: few });
  expect(readFileSync(dirtyPath(path())).length).toBeLessThan(MiB / 2);
  const marked = await readRanges();
  let at = 0;
  for (const { start, length } of [...many, ...setOf([[2 ** 40, 9]])]) {
    while ((marked[at]?.[0] ?? 0) + (marked[at]?.[1] ?? 0) <= start) at++;
    expect(marked[at]?.[0]).toBeLessThanOrEqual(start);
    expect((marked[at]?.[0] ?? 0) + (marked[at]?.[1] ?? 0)).toBeGreaterThanOrEqual(start + length);
  }
});
