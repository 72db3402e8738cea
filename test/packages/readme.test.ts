/**
 * What the texts for people tell to type in a clone, typed there: each line as it stands, in its order, in a fresh
 * checkout. In the full run, for it downloads, builds and measures.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, PAGES } from '../docs/pages.ts';
import { checkOut } from '../helpers/checkout.ts';
import { ROOT } from '../helpers/program.ts';

const FULL = process.env.FULL !== undefined;

/** What this is a part of. */
const THIS = /^npm (test|run test:full)$/;

const lines = PAGES.flatMap(blocksOf).flatMap(({ page, text }) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s#\s.*$/, '').trim())
    .filter((line) => /^(npm|node) /.test(line) && !THIS.test(line))
    .map((line) => ({ page, line })),
);

let folder: string;
let checkout: string;
beforeAll(() => {
  if (!FULL) return;
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'readme-')));
  checkout = join(folder, 'checkout');
  checkOut(checkout);
  // The kernel that is there is not fetched once more: the file says where it is.
  mkdirSync(join(checkout, '.cache/lab'), { recursive: true });
  cpSync(join(ROOT, '.cache/lab/machine.json'), join(checkout, '.cache/lab/machine.json'));
});
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true });
});

test('there are some', () => {
  expect(lines.length).toBeGreaterThan(6);
});

test.runIf(FULL).each(lines)(
  '$page: $line',
  ({ line }) => {
    const env = { ...process.env, npm_config_prefix: join(folder, 'prefix') };
    const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
      cwd: checkout,
      env,
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
  },
  3_600_000,
);

test.runIf(FULL)('what they say comes of it is there, and works', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const says = (program: string) => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  expect(says(join(folder, 'prefix/bin/lvmbackup'))).toBe(version);
  expect(says(join(checkout, 'dist/executable/lvmbackup'))).toBe(version);
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  expect(existsSync(join(checkout, `dist/lvmbackup_${version}_${architecture}.deb`))).toBe(true);
});
