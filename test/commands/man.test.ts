/** The man pages say what the tree and the schema say, and are pages that man takes without a word. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/commands/exit-codes.ts';
import { ExitCode } from '../../src/errors.ts';
import { schemas } from '../../src/generated/schemas.js';
import type { SchemaNode } from '../../src/views/man-file.ts';
import { entry, roff } from '../../src/views/roff.ts';
import { bundleProgram, ran } from '../helpers/program.ts';
import { outline } from '../helpers/tree.ts';

let folder: string;
const page: Record<string, { readonly roff: string; readonly shown: string }> = {};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'man-'));
  const program = await bundleProgram(folder);
  for (const name of ['lvmbackup', 'backup.yaml']) {
    const { code, stdout } = await ran(program, ['man', name]);
    expect(code).toBe(0);
    page[name] = { roff: stdout, shown: typeset(stdout) };
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As a wide terminal shows it. Every warning is a failure. */
function typeset(input: string): string {
  const { status, stdout, stderr } = spawnSync(
    'groff',
    ['-man', '-Tutf8', '-ww', '-P-cbou', '-rLL=400n', '-rHY=0'],
    { input, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

const startOf = (text: string) => new RegExp(`^ +${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}( |$)`);

test('at the width of a terminal every line can be broken', () => {
  for (const { roff: input } of Object.values(page)) {
    const { stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
  }
});

describe('lvmbackup(8)', () => {
  test('every command, option, argument, choice and example of the tree', () => {
    const { shown = '' } = page.lvmbackup ?? {};
    const root = outline();
    for (const { name, options, arguments: args, examples } of root.commands) {
      expect(shown).toMatch(new RegExp(`^ +lvmbackup ${name}( |$)`, 'm'));
      const section = shown.slice(shown.indexOf(`\n   ${name}\n`));
      for (const { flags, value } of options) {
        if (flags.includes('--help')) continue;
        // What it does stands on the next line, or behind a short one.
        const shape = `${flags.join(', ')}${value === null ? '' : ` ${value.name}`}`;
        expect(section.split('\n')).toContainEqual(expect.stringMatching(startOf(shape)));
      }
      for (const { name: argument } of args) expect(section).toMatch(new RegExp(`^ +\\[?${argument}`, 'm'));
      for (const example of examples) expect(section).toContain(example);
    }
  });

  test('every exit code, and every one of them exists', () => {
    const told = EXIT_CODES.flatMap(([code]) => code.split(', ').map(Number));
    expect(told).toEqual([...Object.values(ExitCode), 129, 130, 143]);
    for (const [code] of EXIT_CODES)
      expect(page.lvmbackup?.shown).toMatch(new RegExp(`^ +${code}( |$)`, 'm'));
  });
});

test('backup.yaml(5) has every key of the schema by its path', () => {
  const { shown = '' } = page['backup.yaml'] ?? {};
  const paths = [...keyPaths(schemas.backup as SchemaNode, '')];
  expect(paths).toEqual(
    expect.arrayContaining(['group.name', 'volumes[].source', 'policies.NAME.keep.last']),
  );
  for (const path of paths)
    expect(shown).toMatch(new RegExp(`^ +${path.replace(/[[\].]/g, '\\$&')}( |$)`, 'm'));
});

/** Walks in a way of its own, so that a key that the page's walk leaves out is missed. */
function* keyPaths(node: SchemaNode, at: string): Generator<string> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const path = at === '' ? name : `${at}.${name}`;
    yield path;
    yield* keyPaths(child, path);
  }
  if (typeof node.additionalProperties === 'object') yield* keyPaths(node.additionalProperties, `${at}.NAME`);
  if (node.items) yield* keyPaths(node.items, `${at}[]`);
}

test.each(['.SH not a heading', "'tis", 'a\\fBb', '-x — …', 'two\n.br lines', 'a "word"'])(
  'text is shown as it is: %j',
  (text) => {
    expect(typeset(['.TH X 1', '.nf', roff(text)].join('\n'))).toContain(text.split('\n')[0]);
    expect(typeset(['.TH X 1', ...entry('term', text)].join('\n'))).toContain(text.split('\n').at(-1));
  },
);
