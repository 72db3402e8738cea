/** Completion, asked of the shells themselves: what they would offer is what counts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionBash } from '../../src/views/completion-bash.ts';
import { completionFish } from '../../src/views/completion-fish.ts';
import { completionZsh } from '../../src/views/completion-zsh.ts';
import { outline } from '../helpers/tree.ts';

const tree = outline();
const names = tree.commands.map(({ name }) => name);
const flagsOf = (name: string) =>
  tree.commands.find((one) => one.name === name)?.options.flatMap(({ flags }) => flags) ?? [];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  writeFileSync(join(folder, 'lvmbackup.bash'), completionBash(tree));
  writeFileSync(join(folder, '_lvmbackup'), completionZsh(tree));
  writeFileSync(join(folder, 'lvmbackup.fish'), completionFish(tree));
  writeFileSync(join(folder, 'a file.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function shell(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
  });
  if (error) throw new Error(`${program} cannot be run (apt-get install ${program}): ${error.message}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('bash', () => {
  /** `words` as bash splits them: an equals sign is a word. */
  function offered(...words: readonly string[]): string[] {
    const script =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
      'source ./lvmbackup.bash; COMP_WORDS=(lvmbackup "$@"); COMP_CWORD=$#; _lvmbackup; printf "%s\\n" "${COMPREPLY[@]}"';
    return lines(shell('bash', ['--norc', '-c', script, 'bash', ...words])).sort();
  }

  test('the function is what completes the command', () => {
    expect(shell('bash', ['--norc', '-c', 'source ./lvmbackup.bash; complete -p lvmbackup'])).toBe(
      'complete -F _lvmbackup lvmbackup\n',
    );
  });

  test('every command, and of every command every option', () => {
    expect(offered('')).toEqual([...names].sort());
    for (const name of names) expect(offered(name, '-')).toEqual(flagsOf(name).sort());
  });

  test('the values of options, behind a blank and behind an equals sign', () => {
    expect(offered('plan', '--format', '')).toEqual(['json', 'markdown', 'text']);
    expect(offered('plan', '--format', '=')).toEqual(['json', 'markdown', 'text']);
    expect(offered('plan', '--format', '=', 'j')).toEqual(['json']);
    expect(offered('--no-color', 'copy', '--verify', 'f')).toEqual(['full']);
  });

  test('arguments by their place: one of some words, a file, or nothing that is known', () => {
    expect(offered('completion', '')).toEqual(['bash', 'fish', 'zsh']);
    expect(offered('completion', 'bash', '')).toEqual([]);
    expect(offered('apply', '--only', 'S/a', 'a')).toEqual(['a file.yaml']);
    expect(offered('apply', '--only', '')).toEqual([]);
    expect(offered('validate', '-f', 'a f')).toEqual(['a file.yaml']);
    expect(offered('man', '--', '-')).toEqual([]);
  });
});

describe('fish', () => {
  const offered = (line: string) =>
    lines(shell('fish', ['--no-config', '-c', `source ./lvmbackup.fish; complete -C '${line}'`]))
      .map((text) => text.split('\t')[0] ?? '')
      .sort();

  test('every command, and of every command every option', () => {
    expect(offered('lvmbackup ')).toEqual([...names].sort());
    for (const name of names) {
      const long = flagsOf(name).filter((flag) => flag.startsWith('--'));
      expect(offered(`lvmbackup ${name} --`), name).toEqual(long.sort());
    }
  });

  test('the values of options and of arguments, and files where they belong', () => {
    expect(offered('lvmbackup plan --format ')).toEqual(['json', 'markdown', 'text']);
    expect(offered('lvmbackup plan --format=j')).toEqual(['--format=json']);
    expect(offered('lvmbackup completion ')).toEqual(['bash', 'fish', 'zsh']);
    expect(offered('lvmbackup validate -f a')).toContain('a file.yaml');
    expect(offered('lvmbackup plan --only ')).toEqual([]);
  });
});

describe('zsh', () => {
  test.each(['sourced', 'autoloaded'])('types on what is meant: %s', (how) => {
    const [first = ''] = [...names].sort((a, b) => b.length - a.length);
    const cases = [
      [`lvmbackup ${first.slice(0, -2)}`, first],
      ['lvmbackup plan --det', '--detailed-exitcode'],
      ['lvmbackup plan --format j', 'format json'],
      ['lvmbackup plan --format=m', 'format=markdown'],
      ['lvmbackup plan --only a --onl', 'a --only'],
      ['lvmbackup completion fi', 'completion fish'],
      ['lvmbackup apply a', 'a\\ file.yaml'],
      ['lvmbackup validate -f a', 'f a\\ file.yaml'],
    ];
    const begin =
      how === 'sourced'
        ? 'autoload -Uz compinit; compinit -u -D; source ./_lvmbackup'
        : 'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D';
    expect(lines(shell('zsh', ['-f', '-c', DRIVER, 'zsh', begin, ...cases.flat()]))).toEqual(
      cases.map(([, expected]) => expected),
    );
  });

  /** A zsh at a terminal of its own, in which keys are pressed: Tab, and then Ctrl-U to begin again. */
  const DRIVER = `
zmodload zsh/zpty
zpty inner 'TERM=dumb zsh -f -i'
zpty -w inner "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste; $1; print re''ady"
zpty -r -m inner seen '*ready*' || exit 1
shift
while (( $# )); do
  zpty -w -n inner "$1"$'\\t'
  zpty -r -m inner seen "*\${(b)2}*" || exit 2
  print -r -- "$2"
  zpty -w -n inner $'\\x15'
  shift 2
done
zpty -d inner
`;
});
