/** `npm pack` from a fresh checkout, its package installed into a clean folder, and used there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOut } from '../helpers/checkout.ts';
import { ROOT } from '../helpers/program.ts';

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'npm-pack-')));
  const checkout = join(folder, 'checkout');
  checkOut(checkout);
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  const json = npm(checkout, 'pack', '--json', '--pack-destination', folder);
  [packed] = JSON.parse(json.slice(json.indexOf('[\n'))) as [Packed];
  npm(
    folder,
    'install',
    '--global',
    '--offline',
    '--prefix',
    join(folder, 'prefix'),
    join(folder, packed.filename),
  );
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function npm(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

function lvmbackup(...args: readonly string[]) {
  const clean = join(folder, 'clean');
  mkdirSync(clean, { recursive: true });
  const program = join(folder, 'prefix/bin/lvmbackup');
  return spawnSync(program, args, { cwd: clean, encoding: 'utf8' });
}

const installed = (path: string) => join(folder, 'prefix/lib/node_modules/lvmbackup', path);

test('it holds what its users need and nothing of the development', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'dist/lvmbackup.cjs', 'schemas/backup.schema.json']),
  );
  const other = paths.filter(
    (path) =>
      !/^(package\.json|README\.md|SECURITY\.md|LICENSE|(schemas|examples|docs)\/.*|dist\/lvmbackup\.cjs|dist\/extras\/.*)$/.test(
        path,
      ),
  );
  expect(other).toEqual([]);
  expect(packed.unpackedSize).toBeLessThan(4 * 1024 ** 2);
});

test('the README begins with how it is installed and tried', () => {
  expect(readFileSync(installed('README.md'), 'utf8')).toMatch(/npm install -g/);
});

test('installed in a clean folder it validates and plans its own examples', () => {
  const version = lvmbackup('--version');
  expect(version.stdout.trim()).toBe(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
  const file = ['-f', installed('examples/guide.yaml')];
  expect(lvmbackup('validate', ...file)).toMatchObject({ status: 0, stderr: '' });
  const plan = lvmbackup('plan', ...file, '--state', installed('examples/states/guide.json'));
  expect(plan).toMatchObject({ status: 0, stderr: '' });
  expect(plan.stdout).toContain('lvolroot-backup');
});

test('its threads run from inside the bundle', () => {
  const [from, to] = [installed('dist/lvmbackup.cjs'), join(folder, 'copied')];
  expect(lvmbackup('copy', from, to).status).toBe(0);
  expect(readFileSync(to).subarray(0, 1000)).toEqual(readFileSync(from).subarray(0, 1000));
});

test('its man pages are where man looks, beside the folder of its command', () => {
  expect(readFileSync(join(folder, 'prefix/share/man/man8/lvmbackup.8'), 'utf8')).toContain('.SH SYNOPSIS');
  expect(readFileSync(join(folder, 'prefix/share/man/man5/backup.yaml.5'), 'utf8')).toContain('.SH KEYS');
});

test('the licenses of the libraries inside go with them', () => {
  const text = readFileSync(installed('dist/extras/LICENSES'), 'utf8');
  for (const name of ['commander', 'execa', 'kleur', 'yaml'])
    expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
  expect(text).not.toMatch(/^(vitest|typescript|esbuild) \d/m);
});
