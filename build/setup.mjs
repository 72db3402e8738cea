/**
 * Sets up what the project's commands need, in a fresh clone too: it uses nothing but Node itself.
 *
 *   node build/setup.mjs         the packages of package-lock.json
 *   node build/setup.mjs --lab   and all that test/lab/ needs: Debian packages, a kernel, an initramfs
 *
 * Stamps say what is there already, so that a second call costs nothing.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.lvmbackup-lock`;

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing the packages of package-lock.json …');
  // Not `npm ci`: it refuses the lock file where a mirror of the registry lacks a binary for some other platform.
  const { status } = spawnSync('npm', ['install', '--no-save'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error('npm install failed: the reason stands above.');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

async function prepareLab() {
  const { prepareLab: prepare } = await import('../test/lab/prepare/prepare.mjs');
  try {
    await prepare(root);
  } catch (error) {
    console.error(`The lab cannot be set up: ${error.message}`);
    process.exit(1);
  }
}

installPackages();
if (process.argv.includes('--lab')) await prepareLab();
