/** Files that people name on the command line; `-` is standard input. */
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { MiB } from '../units.ts';

/** Enough for the state of a hundred thousand volumes. */
const MOST_JSON = 512 * MiB;

/** Throws UserError (exit 3), with the file's name and what to do, where it cannot be read as JSON. */
export function readJsonFile(path: string, hint: string, use: Use): unknown {
  const bytes = readInput(path, path, MOST_JSON, use);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UserError(ExitCode.badInput, `${path}: ${(cause as Error).message}`, hint, { cause });
  }
}

/** `order`: root does what the file says, so nobody but root may have written it. `look`: it is only shown. */
export type Use = 'order' | 'look';

/**
 * At most one byte more than `most`: a device or an endless pipe must not fill the memory. Throws UserError (exit 3,
 * or 4 where the file may not be trusted) whose message begins with `place`.
 */
export function readInput(path: string, place: string, most: number, use: Use): Uint8Array {
  const refuse = (what: string, cause?: unknown) =>
    new UserError(ExitCode.badInput, `${place}: ${what}`, undefined, { cause });
  let fd: number;
  try {
    fd = path === '-' ? 0 : openSync(path, 'r');
  } catch (cause) {
    throw refuse(reasonOf(cause), cause);
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw refuse('this is a directory, not a file');
    if (use === 'order' && path !== '-') refuseForeign(stat, path);
    return readUpTo(fd, most + 1);
  } catch (cause) {
    throw cause instanceof UserError ? cause : refuse(reasonOf(cause), cause);
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** The rule of sudo: of the file that was opened, not of a name that may be another's by now. */
function refuseForeign({ uid, mode }: Stats, path: string): void {
  if (process.getuid?.() !== 0) return;
  const caller = Number(process.env.SUDO_UID ?? 0);
  const refuse = (what: string, hint: string) =>
    new UserError(
      ExitCode.refused,
      `${path} ${what}, and root would do what it says. Nothing was changed`,
      hint,
    );
  if (uid !== 0 && uid !== caller) throw refuse(`belongs to user ${uid}`, `chown root ${path}`);
  if ((mode & 0o022) !== 0) throw refuse('can be written by others than its owner', `chmod go-w ${path}`);
}

const PIECE = MiB;

function readUpTo(fd: number, most: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let total = 0;
  while (total < most) {
    const piece = new Uint8Array(Math.min(PIECE, most - total));
    const count = readSync(fd, piece, 0, piece.length, null);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
    total += count;
  }
  return Buffer.concat(pieces);
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read';
  if (code === 'EAGAIN') return 'standard input has nothing to read';
  return message;
}
