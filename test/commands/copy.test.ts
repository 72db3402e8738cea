import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { validateCopy } from '../../src/generated/validators.js';
import { MiB } from '../../src/units.ts';
import { bundleProgram, ran } from '../helpers/program.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copy-command-'));
  program = await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const copy = (...args: string[]) => ran(program, ['copy', at('source'), at('target'), ...args]);
const summary = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '');

beforeEach(() => {
  for (const name of ['target', 'manifest', 'list']) rmSync(at(name), { force: true });
  writeFileSync(at('source'), randomBytes(6 * MiB + 1234));
  truncateSync(at('source'), 20 * MiB);
});

const expectEqual = () => expect(readFileSync(at('target')).equals(readFileSync(at('source')))).toBe(true);

test('makes a file that is not there, private, without room for zeros', async () => {
  expect((await copy()).code).toBe(0);
  expectEqual();
  const { mode, blocks } = statSync(at('target'));
  expect(mode & 0o777).toBe(0o600);
  expect(blocks * 512).toBeLessThan(10 * MiB);
});

test('from the second time on only what changed, without a question', async () => {
  await copy('--manifest', at('manifest'));
  const data = readFileSync(at('source'));
  data.fill(7, 9 * MiB, 9 * MiB + 10);
  writeFileSync(at('source'), data);
  const { code, stdout } = await copy('--manifest', at('manifest'), '--format', 'json');
  expect(code).toBe(0);
  expect(summary(stdout)).toMatchObject({
    exitCode: 0,
    result: { mode: 'manifest', bytesWritten: 2 * MiB + 262144 },
  });
  expectEqual();
  for (const line of stdout.trim().split('\n')) expect(validateCopy(JSON.parse(line))).toBe(true);
});

test('a target that somebody else wrote to is compared', async () => {
  await copy('--manifest', at('manifest'));
  const data = readFileSync(at('target'));
  data.fill(7, 15 * MiB, 15 * MiB + 10);
  writeFileSync(at('target'), data);
  const { stdout } = await copy('--manifest', at('manifest'), '--format', 'json');
  expect(summary(stdout).result.mode).toBe('compare');
  expectEqual();
});

test('a list names what is looked at, and what is no list is refused before anything is written', async () => {
  await copy();
  const data = readFileSync(at('source'));
  data.fill(7, 9 * MiB, 9 * MiB + 10);
  writeFileSync(at('source'), data);
  writeFileSync(at('list'), `# changed\n${9 * MiB} 10\n\n`);
  const { stdout } = await copy('-y', '--list', at('list'), '--format', 'json');
  expect(summary(stdout).result).toMatchObject({ mode: 'list', digest: null });
  expectEqual();
  for (const [text, place] of [
    ['1 2\nx\n', `${at('list')}:2: `],
    [`${20 * MiB} 1\n`, `${at('list')}:1: `],
  ] as const) {
    writeFileSync(at('list'), text);
    const refused = await copy('-y', '--list', at('list'));
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(place);
  }
});

describe('refuses, with nothing changed', () => {
  test('to write over data without being told to', async () => {
    writeFileSync(at('target'), randomBytes(20 * MiB));
    const before = readFileSync(at('target'));
    const { code, stderr } = await copy();
    expect(code).toBe(4);
    expect(stderr).toContain('-y writes over it');
    expect(readFileSync(at('target')).equals(before)).toBe(true);
  });

  test('to copy a file onto itself, also by another name', async () => {
    const { code, stderr } = await ran(program, ['copy', at('source'), `${folder}/./source`, '-y']);
    expect(code).toBe(4);
    expect(stderr).toContain('are the same');
  });

  test.each([
    ['a source that is not there', ['copy', '/nowhere', 'TARGET'], 3],
    ['a source that is a folder', ['copy', '/tmp', 'TARGET'], 3],
    ['a source that is a character device', ['copy', '/dev/null', 'TARGET'], 3],
    ['a rate without a unit', ['copy', 'SOURCE', 'TARGET', '--rate', '50'], 3],
    ['a level that is none', ['copy', 'SOURCE', 'TARGET', '--verify', 'all'], 3],
  ])('%s', async (_, words, code) => {
    const args = words.map((word) => ({ SOURCE: at('source'), TARGET: at('target') })[word] ?? word);
    expect((await ran(program, args)).code).toBe(code);
    expect(existsSync(at('target'))).toBe(false);
  });
});
