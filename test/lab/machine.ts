/** Where the lab's kernel and initramfs are. Makes them where they are missing, once per process. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Machine {
  /** The kernel's version, as `uname -r` says it. */
  readonly version: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** A root for `modprobe -d`. */
  readonly modules: string;
}

/** The project's folder; found from below, for this code also runs bundled in another place. */
export const PROJECT = findProject(dirname(fileURLToPath(import.meta.url)));

function findProject(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('the lab runs from a checkout: no package.json above its code');
  return findProject(parent);
}

let ready: Machine | undefined;

/** Throws with the reason where the lab cannot be set up. */
export function labMachine(): Machine {
  if (ready === undefined) {
    execFileSync(process.execPath, [join(PROJECT, 'build/setup.mjs'), '--lab'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    ready = JSON.parse(readFileSync(join(PROJECT, '.cache/lab/machine.json'), 'utf8')) as Machine;
  }
  return ready;
}
