/** The texts for people: their pictures are real, their command lines and files are taken, their links lead somewhere. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processIo } from '../../src/commands/io.ts';
import { commandTree } from '../../src/commands/tree/tree.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { bundleProgram, ROOT } from '../helpers/program.ts';
import { blocksOf, commandLines, PAGES, textOf } from './pages.ts';

const BLOCKS = PAGES.flatMap(blocksOf);

/** The program's own tree, doing nothing: it only takes the words, or refuses them. */
function parser(): Command {
  const root = commandTree({ io: processIo(true), version: '0', done: () => {} });
  const still = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    for (const below of command.commands) still(below);
  };
  still(root);
  return root;
}

function refusal(words: readonly string[]): string | null {
  try {
    parser().parse([...words], { from: 'user' });
    return null;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'commander.helpDisplayed' || code === 'commander.version' ? null : message;
  }
}

test('what is not a command line of lvmbackup is refused here too', () => {
  expect(refusal(['plan', '--sate', 'x'])).toContain('--sate');
  expect(refusal(['aply'])).not.toBeNull();
});

const shown = BLOCKS.flatMap(({ page, text }) =>
  commandLines(text).map((words) => ({ page, words, line: words.join(' ') })),
);

test('there are many', () => {
  expect(shown.length).toBeGreaterThan(20);
});

test.each(shown)('$page: lvmbackup $line', ({ words }) => {
  expect(refusal(words)).toBeNull();
});

const helps = (root: Command): Command[] => [root, ...root.commands.flatMap(helps)];

test('the examples of each --help are taken', () => {
  const lines = helps(parser()).flatMap((command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    return commandLines(help);
  });
  expect(lines.length).toBeGreaterThan(20);
  for (const words of lines) expect(refusal(words), words.join(' ')).toBeNull();
});

describe('files that are shown', () => {
  const files = BLOCKS.filter(({ language, text }) => language === 'yaml' && /^version:/m.test(text));

  test.each(files)('in $page is valid', ({ text }) => {
    expect(parseSpec(Buffer.from(text))).not.toHaveProperty('errors');
  });
});

describe('the first picture of the README', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'docs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is the example of the guide, and its plan on the recorded machine', async () => {
    const [file, plan] = BLOCKS.filter(({ page, language }) => page === 'README.md' && language !== '');
    const example = textOf('examples/guide.yaml');
    expect(example.slice(example.indexOf('\n') + 1).trim()).toBe(file?.text.trim());
    const program = await bundleProgram(folder);
    const args = ['plan', '-f', 'examples/guide.yaml', '--state', 'examples/states/guide.json'];
    const { stdout } = spawnSync(process.execPath, [program, ...args], { cwd: ROOT, encoding: 'utf8' });
    expect(stdout.trim()).toBe(plan?.text.trim());
  });
});

test('links and test files that are named are there', () => {
  const missing = PAGES.flatMap((page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#:]+)\)/g)].map(([, to = '']) =>
      join(dirname(page), to),
    );
    const tests = [...textOf(page).matchAll(/\btest\/[\w/-]+\.test\.ts\b/g)].map(([path]) => path);
    return [...links, ...tests]
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`);
  });
  expect(missing).toEqual([]);
});
