/** Where lvmbackup keeps what it remembers of backup volumes: nothing that a restore needs, only what saves time. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, UserError } from '../errors.ts';

export const STATE_FOLDER = '/var/lib/lvmbackup';

/** Throws UserError where it cannot be made or written: before anything is changed. */
export function openStateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new Error('it is no folder');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new UserError(
      ExitCode.refused,
      `the state folder ${path} cannot be used: ${(cause as Error).message}. Nothing was changed`,
      'name another with --state-dir',
      { cause },
    );
  }
}

/** The manifest of a target, by what it is known by: a name that outlives renames of the volume. */
export function manifestPath(folder: string, identity: string): string {
  return join(folder, `${identity.replace(/[^A-Za-z0-9_-]/g, '_')}.manifest`);
}
