/**
 * Makes the lab's machine: a Debian kernel and a small initramfs, in `.cache/lab/`. Plain Node, for it runs before
 * anything is installed. What is there already is not made again; what cannot be made is an error, never a skip.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildInitramfs } from './initramfs.mjs';
import { fetchKernel } from './kernel.mjs';
import { installDebianPackages } from './packages.mjs';

/** Whatever the initramfs is made from, besides the kernel. */
const SOURCES = ['../guest/init.sh', './initramfs.mjs', './kernel.mjs'].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);

/** Writes `.cache/lab/machine.json` with the paths of the kernel, of the initramfs and of the modules. */
export async function prepareLab(root) {
  const cache = `${root}.cache/lab`;
  const file = `${cache}/machine.json`;
  installDebianPackages();
  const recipe = recipeHash();
  if (isReady(file, recipe)) return;
  mkdirSync(cache, { recursive: true });
  const kernel = fetchKernel(cache);
  const initramfs = buildInitramfs(cache, kernel);
  const machine = {
    recipe,
    version: kernel.version,
    kernel: kernel.image,
    initramfs,
    modules: kernel.modules,
  };
  writeFileSync(file, `${JSON.stringify(machine, null, 2)}\n`);
  console.error(`The lab is ready: Linux ${kernel.version}.`);
}

function isReady(file, recipe) {
  if (!existsSync(file)) return false;
  const machine = JSON.parse(readFileSync(file, 'utf8'));
  return machine.recipe === recipe && [machine.kernel, machine.initramfs, machine.modules].every(existsSync);
}

function recipeHash() {
  const hash = createHash('sha256');
  for (const source of SOURCES) hash.update(readFileSync(source));
  return hash.digest('hex');
}
