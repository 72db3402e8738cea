/** Files that are broken or meant to break something: one clear message each, never an exception. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorsOf, file, parse } from './helpers.ts';

const GOOD = file(
  '- source: S/a\n- {source: "S/b", snapshot: {size: 20%ORIGIN}} # comment',
  'defaults: {refreshAfter: 20h}\n',
);

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => pair.split(''))) {
  bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
}

const blocks = (depth: number) =>
  Array.from({ length: depth }, (_, index) => `${' '.repeat(index)}a:\n`).join('');

describe('refused with one message', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['a bomb of aliases', bomb.join('\n'), 'alias-bomb'],
    ['an alias within its own anchor', 'version: &v [*v]', 'cycle'],
    ['an alias of nothing', 'version: *nothing', 'alias'],
    ['several documents', 'version: 1\n---\nversion: 1\n', 'yaml'],
    ['a merge key', `${GOOD}x: {<<: {a: 1}}\n`, 'merge-key'],
    ['more than 256 KiB', `# ${'x'.repeat(256 * 1024)}`, 'too-large'],
    ['33 levels of brackets', `${'['.repeat(33)}${']'.repeat(33)}`, 'too-deep'],
    ['33 levels of blocks', blocks(33), 'too-deep'],
    ['brackets without an end', '['.repeat(100_000), 'too-deep'],
    ['a number beyond 2^53', 'version: 9007199254740993', 'number'],
    ['a NUL byte', 'version: 1\0', 'nul-byte'],
    ['invalid UTF-8', new Uint8Array([0x76, 0xff, 0xfe]), 'not-utf8'],
    ['an empty file', '', 'empty'],
    ['comments alone', '# nothing\n\n', 'empty'],
    ['a key twice', `${GOOD}version: 1\n`, 'duplicate-key'],
    ['YAML 1.1', `%YAML 1.1\n---\n${GOOD}`, 'yaml'],
    ['a tag of its own', 'version: !mine 1', 'yaml'],
    ['a quote without an end', 'version: "1\n', 'yaml'],
    ['no number', 'version: .nan', 'number'],
    ['a NUL byte by its escape', 'version: "\\0"', 'nul-byte'],
    ['a tab as indentation', 'version: 1\ngroup:\n\tname: B\n', 'yaml'],
    ['a list as a key', `${GOOD}? [a, b]\n: 1\n`, 'yaml'],
    ['a map as a key', `${GOOD}? {a: b}\n: 1\n`, 'yaml'],
    ['text', 'just words', 'bad-type'],
  ])('%s', (_, text, code) => {
    const errors = errorsOf(text);
    expect(errors[0]?.code).toBe(code);
    expect(errors[0]?.message).not.toMatch(/\n|undefined/);
    expect(errors.filter((one) => one.code === code).length).toBe(errors.length);
  });

  test.each(['__proto__', 'constructor', 'toString'])('the key %s is as unknown as any other', (key) => {
    expect(errorsOf(`${GOOD}${key}: {}\n`).map(({ code }) => code)).toEqual(['unknown-key']);
    const policies = file(`- {source: S/a, policy: ${key}}`);
    expect(errorsOf(policies).map(({ code }) => code)).toEqual(['unknown-policy']);
  });
});

// Both took minutes where the parser compared each with each.
test('as many keys or aliases as fit are read within the time of a test', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('');
  expect(errorsOf(`version: 1\n${keys}`).length).toBeGreaterThan(20_000);
  const aliases = Array.from(
    { length: 8_000 },
    (_, index) => `a${index}: &x${index} 1\nb${index}: *x${index}\n`,
  );
  expect(errorsOf(aliases.join('')).length).toBeGreaterThan(0);
});

describe('fine', () => {
  test.each([
    ['a byte order mark', `\ufeff${GOOD}`],
    ['Windows line ends', GOOD.replaceAll('\n', '\r\n')],
    [
      'anchors and aliases',
      file('- source: S/a\n  snapshot: &s {size: 1GiB}\n- source: S/b\n  snapshot: *s'),
    ],
    ['no line end at the end', GOOD.trimEnd()],
  ])('%s', (_, text) => {
    expect(errorsOf(text)).toEqual([]);
  });

  test('32 levels are not too deep', () => {
    expect(errorsOf(`${'['.repeat(32)}${']'.repeat(32)}`).map(({ code }) => code)).not.toContain('too-deep');
    expect(errorsOf(blocks(32)).map(({ code }) => code)).not.toContain('too-deep');
  });
});

/** Within the text, one-based, and no end before its start. */
function expectSoundRanges(text: string): void {
  const lines = text.split('\n');
  for (const { range, message } of errorsOf(text)) {
    expect(message.length).toBeGreaterThan(0);
    if (!range) continue;
    for (const { line, column } of [range.start, range.end]) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 2);
    }
  }
}

test('any change of a good file gives a Spec or errors with a place in the file', () => {
  const piece = fc.constantFrom(
    '*',
    '&a',
    '{',
    '}',
    '[',
    ']',
    ':',
    ' ',
    '\n',
    '"',
    "'",
    '<<:',
    '|',
    '>',
    '- ',
    '!!x',
    '\t',
    '%',
    'null',
    '~',
    '1e999',
  );
  const change = fc.tuple(fc.nat(GOOD.length), fc.nat(8), fc.oneof(piece, fc.string({ maxLength: 5 })));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let text = GOOD;
      for (const [at, drop, put] of changes) text = text.slice(0, at) + put + text.slice(at + drop);
      expectSoundRanges(text);
    }),
    { numRuns: 1500 },
  );
});

test('any bytes give a Spec or errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(parse(bytes)).toHaveProperty('text');
    }),
    { numRuns: 1000 },
  );
});
