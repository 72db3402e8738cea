/** Text with something wrong in it: bytes of it gone, doubled, or replaced by what parsers stumble over. */
import fc from 'fast-check';

const TROUBLE: readonly string[] = [
  ...['\0', '\u001b[2J', '\r', '\t', '\n', '\ufeff', '\u2028', '\ud800', 'é', '💾'],
  ...[
    ':',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '>',
    '#',
    '%',
    '@',
    '`',
    '?',
    '!',
    '&a ',
    '*a',
    '<<: *a',
  ],
  ...[
    '!!binary ',
    '!!js/function ',
    '---\n',
    '...\n',
    '%YAML 9.9\n',
    'null',
    '~',
    'yes',
    '.nan',
    '.inf',
    '-.inf',
  ],
  ...[
    '__proto__: ',
    'constructor: ',
    '0x10',
    '1e400',
    '-1',
    '99999999999999999999',
    '5%',
    '200%FREE',
    '1ZiB',
    '-5G',
  ],
  ...['../../etc', '-f', '--yes', '$(reboot)', ';reboot', '/dev/sda', ' '.repeat(300), 'x'.repeat(5000)],
  ...['['.repeat(200), '{a: '.repeat(120), '&a [*a, *a]', '!'.repeat(50)],
];

const change = fc.record({
  at: fc.nat(),
  length: fc.nat(40),
  kind: fc.constantFrom('cut', 'twice', 'put', 'instead', 'flip', 'end'),
  text: fc.constantFrom(...TROUBLE),
});

/** The text after one to four changes. */
export function garbled(text: string): fc.Arbitrary<string> {
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let now = text;
    for (const { at, length, kind, text: trouble } of changes) {
      const start = now.length === 0 ? 0 : at % now.length;
      const [before, part, after] = [
        now.slice(0, start),
        now.slice(start, start + length),
        now.slice(start + length),
      ];
      switch (kind) {
        case 'cut':
          now = before + after;
          break;
        case 'twice':
          now = before + part + part + after;
          break;
        case 'put':
          now = before + trouble + part + after;
          break;
        case 'instead':
          now = before + trouble + after;
          break;
        case 'flip':
          now =
            before +
            String.fromCharCode((part.charCodeAt(0) || 0) ^ (1 << (length % 7))) +
            part.slice(1) +
            after;
          break;
        case 'end':
          now = before;
      }
    }
    return now;
  });
}
