import { expect, test } from 'vitest';
import { PLAIN, styleFor, wantsColour } from '../../src/views/style.ts';

const terminal = { isTTY: true };
const pipe = {};

test.each<[stream: { isTTY?: boolean }, environment: Record<string, string>, flag: boolean, colour: boolean]>(
  [
    [terminal, {}, false, true],
    [pipe, {}, false, false],
    [terminal, { TERM: 'dumb' }, false, false],
    [terminal, { NO_COLOR: '1' }, false, false],
    [terminal, { NO_COLOR: '' }, false, true],
    [pipe, { FORCE_COLOR: '1' }, false, true],
    [terminal, { FORCE_COLOR: '0' }, false, false],
    [terminal, { FORCE_COLOR: '' }, false, true],
    [pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false],
    [terminal, { FORCE_COLOR: '1' }, true, false],
  ],
)('on %j with %j and --no-color %j: colour %j', (stream, environment, flag, colour) => {
  expect(wantsColour(stream, environment, flag)).toBe(colour);
});

test('plain style adds nothing, colour wraps the text', () => {
  expect(styleFor(false)).toBe(PLAIN);
  expect(PLAIN.red('x')).toBe('x');
  expect(styleFor(true).red('x')).toBe('\u001b[31mx\u001b[39m');
});
