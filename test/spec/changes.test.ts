/** What is another in a new file: in words, with its lines, and what follows from it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SettingChange, specChanges } from '../../src/spec/changes.ts';
import { parseSpec } from '../../src/spec/parse.ts';

function read(text: string) {
  const result = parseSpec(new TextEncoder().encode(text));
  if ('errors' in result) throw new Error(`${JSON.stringify(result.errors)}\n${text}`);
  return result;
}

const changes = (old: string, now: string) => specChanges(read(old), read(now));
/** `4 → 4 words (S/a, S/b)` */
const told = (list: readonly SettingChange[]) =>
  list.map(({ before, after, words, names }) => {
    const line = (side: SettingChange['before']) => (side === null ? '-' : (side.line ?? 'default'));
    return `${line(before)} → ${line(after)} ${words} (${names.join(', ')})`;
  });

const BASE = `version: 1
group: {name: B}
defaults:
  refreshAfter: 20h
volumes:
  - source: S/a
  - source: S/b
`;

describe('nothing is another', () => {
  test('in the same file, and where only the words are others', () => {
    expect(changes(BASE, BASE)).toEqual([]);
    const worded = BASE.replace('20h', '1200m').replace('group: {name: B}', 'group:\n  # ours\n  name: B');
    expect(changes(BASE, worded)).toEqual([]);
    const spelled = BASE.replace(
      'refreshAfter: 20h',
      'refreshAfter: 20h\n  verify: written\n  keep: {last: 1}',
    );
    expect(changes(BASE, spelled)).toEqual([]);
    const moved = `version: 1\ngroup: {name: B}\nvolumes:\n  - {source: S/b, refreshAfter: 20h}\n  - {source: S/a, refreshAfter: 20h}\n`;
    expect(changes(BASE, moved)).toEqual([]);
  });
});

test('a default that is changed is told once, with whom it concerns and the lines of both', () => {
  const now = BASE.replace('defaults:', 'defaults:\n  verify: full').replace('20h', '3d');
  expect(told(changes(BASE, now))).toEqual([
    'default → 4 verify changed from written to full (S/a, S/b)',
    '4 → 5 refreshAfter changed from 20h to 3d (S/a, S/b)',
    '4 → 5 alertAfter changed from 30h to 108h (S/a, S/b)',
  ]);
});

test('a setting of one volume is told of it alone, wherever it was decided before', () => {
  const now = BASE.replace('- source: S/a', '- source: S/a\n    refreshAfter: 2h');
  expect(told(changes(BASE, now))).toEqual([
    '4 → 7 refreshAfter changed from 20h to 2h (S/a)',
    '4 → 7 alertAfter changed from 30h to 3h (S/a)',
  ]);
  const taken = BASE.replace('- source: S/a', '- source: S/a\n    refreshAfter: null');
  expect(told(changes(BASE, taken))[0]).toBe('4 → 7 refreshAfter taken away, it was 20h (S/a)');
});

test('sources come and go', () => {
  const now = BASE.replace('S/b', 'S/c');
  const list = changes(BASE, now);
  expect(told(list)).toEqual(['- → 7 S/c is backed up too (S/c)', '7 → - S/b is no longer backed up (S/b)']);
  expect(list.flatMap(({ effects }) => effects).join(' ')).toMatch(/copies it in full.*stay as they are/);
});

test('fewer points: how many are removed', () => {
  const pool = (daily: number) =>
    BASE.replace('group: {name: B}', 'group: {name: B, pool: {name: p, size: 90%FREE}}').replace(
      'defaults:',
      `defaults:\n  keep: {last: 1, daily: ${daily}}`,
    );
  const [change] = changes(pool(7), pool(3));
  expect(change).toMatchObject({ words: 'keep.daily lowered from 7 to 3', before: { line: 4 } });
  expect(change?.effects).toEqual(['removes up to 4 points of each of 2 sources']);
  expect(changes(pool(3), pool(7))[0]?.words).toBe('keep.daily raised from 3 to 7');
});

test('the group: its name, its devices, one by one', () => {
  const now = BASE.replace('{name: B}', '{name: C, devices: [/dev/disk/by-id/x]}');
  const list = changes(BASE, now);
  expect(told(list)).toEqual([
    '2 → 2 group.name changed from B to C (C)',
    'default → 2 group.devices set to /dev/disk/by-id/x (C)',
  ]);
  expect(list[1]?.effects[0]).toContain('/dev/disk/by-id/x joins the group');
});

test('what a smaller snapshot comes to is said', () => {
  const sized = (size: string) => BASE.replace('defaults:', `defaults:\n  snapshot: {size: ${size}}`);
  expect(changes(BASE, sized('20%ORIGIN'))[0]?.effects[0]).toContain('becomes invalid');
  expect(changes(sized('20%ORIGIN'), BASE)[0]?.effects[0]).toContain('can never overflow');
  const set = (text: string) => BASE.replace('defaults:', `defaults:\n  ${text}`);
  expect(changes(BASE, set('tracking: snapshot'))[0]?.effects.join()).toContain('read only what changed');
  expect(changes(set('tracking: snapshot'), BASE)[0]?.effects.join()).toContain('reads all of the source');
  expect(changes(BASE, set('method: files'))[0]?.effects.join()).toContain('the image there is lost');
  const pool = (size: string) => BASE.replace('{name: B}', `{name: B, pool: {name: p, size: ${size}}}`);
  expect(changes(pool('1GiB'), pool('2GiB'))[0]?.effects).toEqual([
    'a pool that exists keeps its own: only a new one is made with it',
  ]);
});

test('both ways the same settings are told, with their sides turned', () => {
  const pieces = fc.record({
    refresh: fc.constantFrom('20h', '3d', '45m'),
    verify: fc.constantFrom('none', 'written', 'full'),
    size: fc.constantFrom('100%ORIGIN', '20%ORIGIN', '10GiB'),
    volumes: fc.uniqueArray(fc.constantFrom('S/a', 'S/b', 'S/c', 'T/*'), { minLength: 1 }),
  });
  const text = ({
    refresh,
    verify,
    size,
    volumes,
  }: typeof pieces extends fc.Arbitrary<infer T> ? T : never) =>
    `version: 1\ngroup: {name: B}\ndefaults:\n  refreshAfter: ${refresh}\n  verify: ${verify}\n  snapshot: {size: ${size}}\nvolumes:\n${volumes.map((one) => `  - source: ${one}\n`).join('')}`;
  fc.assert(
    fc.property(pieces, pieces, (a, b) => {
      const there = changes(text(a), text(b)).map(({ key, before, after, names }) => [
        key,
        before,
        after,
        [...names].sort(),
      ]);
      const back = changes(text(b), text(a)).map(({ key, before, after, names }) => [
        key,
        after,
        before,
        [...names].sort(),
      ]);
      const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort();
      expect(sorted(there)).toEqual(sorted(back));
      if (text(a) === text(b)) expect(there).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
