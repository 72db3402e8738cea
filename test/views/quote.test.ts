import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escaped, printable } from '../../src/views/printable.ts';
import { quoted } from '../../src/views/quote.ts';

test('plain words stay as they are', () => {
  expect(quoted(['lvcreate', '-l', '+5', 'VG/lv', '/dev/sdb1', 'lvmbackup.run={run}', 'a@b%c'])).toBe(
    'lvcreate -l +5 VG/lv /dev/sdb1 lvmbackup.run={run} a@b%c',
  );
});

test.each([
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['$(reboot)', "'$(reboot)'"],
  ['a\\x1b', "'a\\x1b'"],
  ['a\u001b[2J', "$'a\\x1b[2J'"],
  ["a\u0007'\\", "$'a\\x07\\'\\\\'"],
])('%j is shown as %s', (word, shown) => {
  expect(quoted([word])).toBe(shown);
});

test('a shell reads the words back as they were', () => {
  const word = fc.string({
    unit: fc.constantFrom(...'ab \\\'"$`!*?~#;|&<>(){}[]\t\n\u001b\u0007-='),
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const read = execFileSync('bash', ['-c', `printf '%s\\0' ${quoted(words)}`], { encoding: 'utf8' });
      expect(read.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 60 },
  );
});

test('what could not be seen is shown as an escape, everywhere in the data, and the rest is left alone', () => {
  expect(escaped('a\u001bb\u009bc\u202ed\u2028')).toBe('a\\x1bb\\x9bc\\u202ed\\u2028');
  expect(escaped('Käse · 日本 😀')).toBe('Käse · 日本 😀');
  expect(printable({ a: ['x\n', 1, null, true], b: { c: '\t' } })).toEqual({
    a: ['x\\x0a', 1, null, true],
    b: { c: '\\x09' },
  });
});
