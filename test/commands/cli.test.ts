import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validatePlan } from '../../src/generated/validators.js';
import { bundleProgram, ROOT, type RunOptions, ran } from '../helpers/program.ts';
import { outline } from '../helpers/tree.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  program = await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const cli = (args: readonly string[], options?: RunOptions) => ran(program, args, options);
const GUIDE = ['-f', 'examples/guide.yaml', '--state', 'examples/states/guide.json'];

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('help', () => {
  test.each(outline().commands.map(({ name }) => name))('%s --help ends with examples', async (command) => {
    const { code, stdout } = await cli([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n(\s+\$ .*lvmbackup .*\n)+$/);
  });

  test.each([
    [['plna'], 'Did you mean plan'],
    [['plan', '--ot', 'x'], 'Did you mean --out'],
    [['plan', '--format', 'xml'], 'Allowed choices are'],
    [['copy', 'one'], "missing required argument 'target'"],
  ])('%j is a slip on the command line', async (args, message) => {
    const { code, stderr } = await cli(args);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

describe('validate', () => {
  const BAD = 'version: 1\ngroup: {nmae: B}\nvolumes: [{source: S/a, snapshot: {size: 10GB}}]\n';

  test('every error begins with its place, and shows it', async () => {
    const path = written('bad.yaml', BAD);
    const { code, stderr, stdout } = await cli(['validate', '-f', path]);
    expect(code).toBe(3);
    const text = stdout + stderr;
    expect(text).toMatch(new RegExp(`^${path}:2:\\d+: .*$`, 'm'));
    expect(text).toMatch(/did you mean name/);
    expect(text).toContain('^~~~');
  });

  test('no colour where nobody sees it, and none where it is not wanted', async () => {
    const path = written('bad.yaml', BAD);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const colours = /\u001b\[/;
    const shown = async (args: string[], env = {}) => {
      const { stdout, stderr } = await cli(['validate', '-f', path, ...args], { env });
      return stdout + stderr;
    };
    expect(await shown([])).not.toMatch(colours);
    expect(await shown([], { FORCE_COLOR: '1' })).toMatch(colours);
    expect(await shown([], { FORCE_COLOR: '1', NO_COLOR: '1' })).not.toMatch(colours);
    expect(await shown(['--no-color'], { FORCE_COLOR: '1' })).not.toMatch(colours);
  });

  test('as annotations a name cannot end one and begin another', async () => {
    const path = written('a,b%:c.yaml', 'version: 2\n');
    const { stdout } = await cli(['validate', '-f', path, '--format', 'github']);
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/^::(error|warning) [^:]*::/);
    expect(stdout).toContain('a%2Cb%25%3Ac.yaml');
  });

  test('from standard input', async () => {
    const { code } = await cli(['validate', '-f', '-'], {
      input: readFileSync(`${ROOT}examples/guide.yaml`, 'utf8'),
    });
    expect(code).toBe(0);
  });

  test('control characters of a file do not reach the terminal', async () => {
    const path = written(
      'esc.yaml',
      'version: 1\ngroup: {name: "\\e]0;x\\a"}\n"\\u202ekey": 1\nvolumes: []\n',
    );
    const { stdout, stderr } = await cli(['validate', '-f', path]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout + stderr).not.toMatch(/[\u0007\u001b\u202e]/);
    const raw = written('raw.yaml', 'version: 1\ngroup: {nam\u001b[2J: B}\nvolumes: []\n');
    const shown = await cli(['validate', '-f', raw]);
    expect(shown.stdout + shown.stderr).not.toContain('\u001b');
  });

  test('thousands of errors are counted, not all printed', async () => {
    const path = written(
      'many.yaml',
      `version: 1\n${Array.from({ length: 3000 }, (_, at) => `k${at}: 1\n`).join('')}`,
    );
    const { stderr, stdout } = await cli(['validate', '-f', path]);
    expect((stdout + stderr).split('\n').length).toBeLessThan(400);
    expect(stdout + stderr).toMatch(/\d+ more errors/);
  });
});

describe('plan', () => {
  test('results go to standard output, and what is wrong is in it too, with exit code 4', async () => {
    const fine = await cli(['plan', ...GUIDE]);
    expect(fine).toMatchObject({ code: 0, stderr: '' });
    const path = written(
      'full.yaml',
      'version: 1\ngroup: {name: Nowhere}\nvolumes: [{source: VolGroupSSD/lvolroot}]\n',
    );
    const refused = await cli(['plan', '-f', path, '--state', 'examples/states/guide.json']);
    expect(refused.code).toBe(4);
    expect(refused.stdout).toContain('group-missing');
  });

  test('--detailed-exitcode tells that there are changes', async () => {
    expect((await cli(['plan', ...GUIDE, '--detailed-exitcode'])).code).toBe(2);
  });

  test('a saved plan is private, whole, and says what its schema says', async () => {
    const out = join(folder, 'saved.plan');
    writeFileSync(out, 'something else');
    expect((await cli(['plan', ...GUIDE, '--out', out])).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(validatePlan(JSON.parse(readFileSync(out, 'utf8')))).toBe(true);
    expect(validatePlan(JSON.parse((await cli(['plan', ...GUIDE, '--format', 'json'])).stdout))).toBe(true);
  });

  test('an unknown source has a suggestion; two things cannot both be standard input', async () => {
    const unknown = await cli(['plan', ...GUIDE, '--only', 'VolGroupSSD/lvolrot']);
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('did you mean VolGroupSSD/lvolroot?');
    expect((await cli(['plan', '-f', '-', '--state', '-'])).code).toBe(3);
  });

  test('a restore that is done at once is not shown for a review', async () => {
    const shown = await cli(['restore', 'S/root', '--format', 'markdown']);
    expect(shown.code).toBe(3);
    expect(shown.stderr).toContain('save the plan with --out FILE');
  });

  test('against a bare report of LVM it warns that nothing is known of devices', async () => {
    const { fullreport } = JSON.parse(readFileSync(`${ROOT}examples/states/guide.json`, 'utf8'));
    const bare = written('bare.json', JSON.stringify(fullreport));
    const { stdout } = await cli(['plan', '-f', 'examples/guide.yaml', '--state', bare]);
    expect(stdout).toContain('device-unknown');
  });

  test('a reader that goes away is no reason to fail loudly', async () => {
    const child = spawn(process.execPath, [program, 'plan', ...GUIDE, '-v'], { cwd: ROOT });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.stdout.once('data', () => child.stdout.destroy());
    await once(child, 'close');
    expect(stderr).toBe('');
  });

  test('through a symlink, from any folder', async () => {
    const link = join(folder, 'link');
    symlinkSync(program, link);
    const file = `${ROOT}examples/guide.yaml`;
    const { code } = await ran(link, ['plan', '-f', file, '--state', `${ROOT}examples/states/guide.json`], {
      cwd: '/',
    });
    expect(code).toBe(0);
  });
});

describe('apply takes a saved plan', () => {
  test.each([
    ['with a file too', ['saved.plan', '-f', 'examples/guide.yaml'], 'takes no -f'],
    ['that is none', ['examples/guide.yaml'], 'is not valid JSON'],
    ['that is a state', ['examples/states/guide.json'], 'plan'],
    ['that is not there', ['/nowhere'], 'there is no such file'],
  ])('%s: wrong', async (_, args, message) => {
    const { code, stderr } = await cli(['apply', ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

test('schema prints each schema, and its names', async () => {
  const names = (await cli(['schema'])).stdout.trim().split(/\s+/);
  expect(names).toEqual(expect.arrayContaining(['backup', 'plan', 'state', 'copy']));
  for (const name of names)
    expect(JSON.parse((await cli(['schema', name])).stdout)).toHaveProperty('$schema');
});
