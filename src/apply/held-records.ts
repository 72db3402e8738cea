/**
 * What is held still, written down as long as it is: where a run was killed together with the child that was to let it
 * go, as `systemctl kill -s KILL` does, the next one lets it go. In memory, as what is frozen is: a boot ends both.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, UserError } from '../errors.ts';
import { mountinfoNow, mountsIn } from '../lvm/mountinfo.ts';
import { isObject } from '../lvm/shape.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import type { Quiesce } from '../plan/action.ts';
import { holdCommands } from './hold-commands.ts';

/** In a folder where only root may write. */
export const HELD_FOLDER = '/run/lvmbackup.held';

export interface Held extends Pick<Quiesce, 'how' | 'mountPoint'> {
  /** `MAJOR:MINOR` of what is mounted there; null: nothing that the kernel lists. */
  readonly number: string | null;
}

/** Gives the record, which goes when the file system was let go. */
export function writeHeld({ how, mountPoint }: Pick<Quiesce, 'how' | 'mountPoint'>, folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = join(folder, String(process.pid));
  const held: Held = { how, mountPoint, number: mountedAt(mountPoint) };
  writeFileSync(`${record}.part`, `${JSON.stringify(held)}\n`, { mode: 0o600 });
  renameSync(`${record}.part`, record);
  return record;
}

export function forgetHeld(record: string): void {
  rmSync(record, { force: true });
}

/** What is held by a run that is alive, or was by one that is dead: the lock tells which. */
export function heldFileSystems(folder = HELD_FOLDER): Held[] {
  return records(folder).map(({ held }) => held);
}

/**
 * Lets go what dead runs held: for whoever has the lock, and before anything is written, which might hang. Gives what
 * was let go, a phrase each. Throws UserError where that fails.
 */
export async function letGoOfHeld(run: RunCommand, folder = HELD_FOLDER): Promise<string[]> {
  const phrases: string[] = [];
  for (const { record, held } of records(folder)) {
    if (await letGo(held, run)) phrases.push(`let go of ${held.mountPoint}, which a dead run held still`);
    forgetHeld(record);
  }
  return phrases;
}

/** False where it is not held any more. */
async function letGo({ how, mountPoint, number }: Held, run: RunCommand): Promise<boolean> {
  // Another file system there now is not ours to thaw, and the one that we held is gone.
  if (mountedAt(mountPoint) !== number) return false;
  const { free } = holdCommands(how, mountPoint);
  const { exitCode, stderr } = await run(free);
  if (exitCode === 0) return true;
  // FITHAW on what is not frozen: the child was quicker.
  if (how === 'freeze' && stderr.includes('Invalid argument')) return false;
  throw new UserError(
    ExitCode.failed,
    `${mountPoint} is held still by a dead run, and could not be let go: ${stderr.trim()}`,
    `let it go by hand: ${free.join(' ')}`,
  );
}

function records(folder: string): { record: string; held: Held }[] {
  return namesIn(folder).flatMap((name) => {
    const record = join(folder, name);
    const held = readHeld(record);
    return held === null ? [] : [{ record, held }];
  });
}

function namesIn(folder: string): string[] {
  try {
    // What was not written to its end has a longer name, and nothing was held for it yet.
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Null where it was forgotten meanwhile. */
function readHeld(record: string): Held | null {
  try {
    const held: unknown = JSON.parse(readFileSync(record, 'utf8'));
    return isObject(held) && typeof held.mountPoint === 'string' ? (held as unknown as Held) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function mountedAt(mountPoint: string): string | null {
  return mountsIn(mountinfoNow()).findLast(({ point }) => point === mountPoint)?.number ?? null;
}
