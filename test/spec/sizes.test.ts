import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseBytes,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  sizeText,
} from '../../src/spec/sizes.ts';

const GiB = 1024 ** 3;

test.each([
  ['10GiB', { unit: 'bytes', bytes: 10 * GiB }],
  ['10G', { unit: 'bytes', bytes: 10 * GiB }],
  ['1.5GiB', { unit: 'bytes', bytes: 1.5 * GiB }],
  ['4 KiB', { unit: 'bytes', bytes: 4096 }],
  ['2T', { unit: 'bytes', bytes: 2 * 1024 * GiB }],
  ['1PiB', { unit: 'bytes', bytes: 1024 * 1024 * GiB }],
  ['5120 extents', { unit: 'extents', extents: 5120 }],
  ['1 extent', { unit: 'extents', extents: 1 }],
  ['20%ORIGIN', { unit: '%ORIGIN', percent: 20 }],
  ['200%ORIGIN', { unit: '%ORIGIN', percent: 200 }],
  ['50%FREE', { unit: '%FREE', percent: 50 }],
])('%s', (text, value) => {
  expect(parseSize(text)).toEqual({ value });
});

describe('a wrong size says what to write instead', () => {
  test.each([
    ['10KB', '10KiB'],
    ['10MB', '10MiB'],
    ['10GB', '10GiB'],
    ['10gb', '10GiB'],
    ['10g', '10GiB'],
    [10, '10GiB'],
    ['10', '10GiB'],
    ['20%', '20%ORIGIN'],
    ['lots', '10GiB'],
  ])('%s', (text, instead) => {
    expect(parseSize(text)).toMatchObject({ hint: expect.stringContaining(instead) });
  });

  test.each([
    '0GiB',
    '0%ORIGIN',
    '0 extents',
    '101%FREE',
    '-1GiB',
    '1e3GiB',
    '9000000PiB',
    '0.1KiB',
    '٣GiB',
    '',
  ])('%j is refused', (text) => {
    expect(parseSize(text)).toHaveProperty('fault');
  });
});

test('what is read is exact, and is written as it could stand in the file', () => {
  const unit = fc.constantFrom('KiB', 'MiB', 'GiB');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), unit, (count, name) => {
      const parsed = parseSize(`${count}${name}`);
      if ('fault' in parsed) throw new Error(parsed.fault);
      const power = { KiB: 1, MiB: 2, GiB: 3 }[name] ?? 0;
      expect(parsed.value).toEqual({ unit: 'bytes', bytes: count * 1024 ** power });
      expect(parseSize(sizeText(parsed.value))).toEqual(parsed);
    }),
  );
});

test('times, rates and percents', () => {
  expect(['90s', '5m', '20h', '6d', '2w'].map((text) => parseDuration(text))).toEqual(
    [90, 300, 72_000, 518_400, 1_209_600].map((value) => ({ value })),
  );
  for (const wrong of [20, '20', '0h', '1y', '1.5h', '-1h', null]) {
    expect(parseDuration(wrong)).toHaveProperty('fault');
  }
  expect(parseRate('50MiB/s')).toEqual({ value: 50 * 1024 ** 2 });
  for (const wrong of ['50MiB', '50MB/s', 50, '/s']) expect(parseRate(wrong)).toHaveProperty('fault');
  expect(parsePercent('80%')).toEqual({ value: 80 });
  for (const wrong of ['0%', '101%', 80, '80']) expect(parsePercent(wrong)).toHaveProperty('fault');
  expect(parseBytes('256KiB')).toEqual({ value: 262_144 });
});
