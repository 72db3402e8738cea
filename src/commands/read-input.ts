/** Files that people name on the command line; `-` is standard input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { MiB } from '../units.ts';

/** Enough for the state of a hundred thousand volumes. */
const MOST_JSON = 512 * MiB;

/** Throws UserError (exit 3), with the file's name and what to do, where it cannot be read as JSON. */
export function readJsonFile(path: string, hint: string): unknown {
  const bytes = readInput(path, path, MOST_JSON);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UserError(ExitCode.badInput, `${path}: ${(cause as Error).message}`, hint, { cause });
  }
}

/**
 * At most one byte more than `most`: a device or an endless pipe must not fill the memory. Throws UserError (exit 3)
 * whose message begins with `place`.
 */
export function readInput(path: string, place: string, most: number): Uint8Array {
  const refuse = (what: string, cause?: unknown) =>
    new UserError(ExitCode.badInput, `${place}: ${what}`, undefined, { cause });
  let fd: number;
  try {
    fd = path === '-' ? 0 : openSync(path, 'r');
  } catch (cause) {
    throw refuse(reasonOf(cause), cause);
  }
  try {
    if (fstatSync(fd).isDirectory()) throw refuse('this is a directory, not a file');
    return readUpTo(fd, most + 1);
  } catch (cause) {
    throw cause instanceof UserError ? cause : refuse(reasonOf(cause), cause);
  } finally {
    if (fd !== 0) closeSync(fd);
  }
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
