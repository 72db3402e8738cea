/**
 * What packages carry beside the program, made by the program itself: man pages, completion, units; and the licenses
 * of the libraries that are bundled into it. Written to dist/extras/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const EXTRAS = `${root}dist/extras`;

/** `inputs`: every file that went into the bundle, below the project. */
export function makeExtras(inputs) {
  rmSync(EXTRAS, { recursive: true, force: true });
  mkdirSync(EXTRAS, { recursive: true });
  const write = (name, ...args) => writeFileSync(join(EXTRAS, name), lvmbackup(...args));
  write('lvmbackup.8', 'man', 'lvmbackup');
  write('backup.yaml.5', 'man', 'backup.yaml');
  for (const shell of ['bash', 'fish', 'zsh']) write(`completion.${shell}`, 'completion', shell);
  writeFileSync(join(EXTRAS, 'LICENSES'), licenses(inputs));
}

export function lvmbackup(...args) {
  const program = `${root}dist/lvmbackup.cjs`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`lvmbackup ${args.join(' ')} failed\n${stderr}`);
  return stdout;
}

/** Each library's own text. One without a text must not be shipped. */
function licenses(inputs) {
  const folders = new Set(inputs.filter((path) => path.includes('node_modules/')).map(packageFolder));
  return [...folders]
    .sort()
    .map(licenseOf)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function packageFolder(path) {
  let folder = dirname(join(root, path));
  while (!existsSync(join(folder, 'package.json')) || !named(folder)) folder = dirname(folder);
  return folder;
}

/** Some libraries have a package.json inside that only says of what kind their modules are. */
function named(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name !== undefined;
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${name} has no license text, and is bundled`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
