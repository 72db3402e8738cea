/** What a file had better not say: each warning, where it points, and what is no reason for it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LINT_CODES, lint } from '../../src/spec/lint.ts';
import { parseSpec } from '../../src/spec/parse.ts';

const GROUP = 'version: 1\ngroup: {name: B}\n';

/** `3:24 code «the text that it points at»`, without the one that almost every file has. */
function warned(text: string, except = ['single-copy', 'no-refresh-after']): string[] {
  const result = parseSpec(new TextEncoder().encode(text));
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  const lines = text.split('\n');
  return lint(result)
    .filter(({ code }) => !except.includes(code))
    .map(({ code, range }) => {
      const { start, end } = range ?? { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } };
      const shown = lines[start.line - 1]?.slice(start.column - 1, end.column - 1);
      return `${start.line}:${start.column} ${code} «${shown}»`;
    });
}

const volumes = (...list: string[]) => `volumes:\n${list.map((one) => `- ${one}\n`).join('')}`;

test('a file that says it well has no warning but that one copy is kept', () => {
  const text = `${GROUP}defaults: {refreshAfter: 20h, snapshot: {lend: /dev/disk/by-id/x}}\n${volumes('{source: S/a}')}`;
  expect(warned(text, [])).toEqual(['5:12 single-copy «S/a»']);
});

describe('may-overflow', () => {
  test('a part of the origin, wherever a policy stands', () => {
    const text = `${GROUP}defaults: {snapshot: {size: 20%ORIGIN}}\n${volumes('{source: S/a, snapshot: {size: 99%ORIGIN}}')}`;
    expect(warned(text)).toEqual(['3:29 may-overflow «20%ORIGIN»', '5:34 may-overflow «99%ORIGIN»']);
  });

  test('not the whole of it, and not what only the machine can tell', () => {
    for (const size of ['100%ORIGIN', '120%ORIGIN', '10GiB', '5 extents', '50%FREE']) {
      expect(warned(`${GROUP}${volumes(`{source: S/a, snapshot: {size: ${size}}}`)}`)).toEqual([]);
    }
  });
});

describe('unstable-name', () => {
  test.each([
    '/dev/sda',
    '/dev/sdb1',
    '/dev/vdaa3',
    '/dev/xvda1',
    '/dev/nvme0n1',
    '/dev/nvme0n1p2',
    '/dev/mmcblk0p1',
    '/dev/md127',
    '/dev/dm-3',
  ])('%s', (device) => {
    const text = `version: 1\ngroup: {name: B, devices: [${device}]}\n${volumes('{source: S/a}')}`;
    expect(warned(text)).toEqual([`2:28 unstable-name «${device}»`]);
  });

  test.each([
    '/dev/disk/by-id/usb-x-part1',
    '/dev/mapper/crypt',
    '/dev/VG/sda',
    '/dev/md/name',
    '/dev/sdcard',
  ])('not %s', (device) => {
    const text = `version: 1\ngroup: {name: B, devices: [${device}]}\n${volumes('{source: S/a}')}`;
    expect(warned(text)).toEqual([]);
  });

  test('what is lent, and a source', () => {
    const text = `${GROUP}defaults: {snapshot: {lend: /dev/sdb1}}\n${volumes('{source: /dev/sda1, backup: boot}')}`;
    expect(warned(text)).toEqual(['3:29 unstable-name «/dev/sdb1»', '5:12 unstable-name «/dev/sda1»']);
  });
});

describe('no-refresh-after and skips-runs', () => {
  test('the first source without it, once for all of them', () => {
    const text = `${GROUP}${volumes('{source: S/a, refreshAfter: 20h}', '{source: S/b}', '{source: S/c}')}`;
    expect(warned(text, ['single-copy'])).toEqual(['5:12 no-refresh-after «S/b»']);
  });

  test.each([
    ['24h', true],
    ['1d', true],
    ['23h', true],
    ['22h', false],
    ['20h', false],
    ['25h', false],
    ['6d', false],
    ['7d', true],
    ['1w', true],
    ['60m', true],
    ['50m', false],
  ])('refreshAfter: %s makes a timer skip: %s', (refreshAfter, skips) => {
    const text = `${GROUP}defaults: {refreshAfter: ${refreshAfter}}\n${volumes('{source: S/a}')}`;
    expect(warned(text)).toEqual(skips ? [`3:26 skips-runs «${refreshAfter}»`] : []);
  });
});

test('late-before-due, with what the volume inherits', () => {
  const text = `${GROUP}policies: {slow: {alertAfter: 10h}}\ndefaults: {refreshAfter: 20h, alertAfter: 30h}\n${volumes('{source: S/a}', '{source: S/b, policy: slow}')}`;
  expect(warned(text)).toEqual(['3:31 late-before-due «10h»']);
});

test('each code is described in the documentation', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/checks.md', import.meta.url)), 'utf8');
  expect(LINT_CODES.filter((code) => !page.includes(`| \`${code}\` `))).toEqual([]);
});
