/** Runs rsync, hears how far it is, and ends it when it is to stop. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ExitCode, UserError } from '../errors.ts';

export interface Transferred {
  /** Bytes of all files in the source, and of those that were written. */
  readonly total: number;
  readonly written: number;
  /** Lines that are no progress and no statistics. */
  readonly lines: readonly string[];
}

export interface TransferOptions {
  readonly argv: readonly string[];
  /** Bytes that were transferred so far. */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
  /** The lock, which it inherits. */
  readonly lock: number;
}

const MOST_LINES = 20;

/** Throws UserError where it fails, the signal's reason where it was stopped. */
export async function rsync({ argv, onProgress, signal, lock }: TransferOptions): Promise<Transferred> {
  signal.throwIfAborted();
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe', lock],
  });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const heard: Heard = { lines: [], total: 0, written: 0 };
  const errors: string[] = [];
  eachPiece(child.stdout, (piece) => take(piece, heard, onProgress));
  eachPiece(child.stderr, (piece) => keep(errors, piece));
  const [exitCode, reason] = await new Promise<[number | null, string]>((resolve) => {
    child.on('error', ({ message }) => resolve([null, message]));
    child.on('close', (code, name) => resolve([code, name ?? `exit code ${code}`]));
  });
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (exitCode !== 0) throw failed(reason, errors);
  return heard;
}

interface Heard {
  lines: string[];
  total: number;
  written: number;
}

/** `  1234567  45%  12.3MB/s  0:00:01`, between carriage returns; then statistics, a line each. */
function take(piece: string, heard: Heard, onProgress: (done: number) => void): void {
  const progress = /^\s*(\d+)\s+\d+%\s/.exec(piece);
  if (progress) {
    onProgress(Number(progress[1]));
    return;
  }
  const number = (name: string) => new RegExp(`^${name}: (\\d+)`).exec(piece)?.[1];
  const total = number('Total file size');
  const written = number('Total transferred file size');
  if (total !== undefined) heard.total = Number(total);
  else if (written !== undefined) heard.written = Number(written);
  else keep(heard.lines, piece);
}

function keep(list: string[], line: string): void {
  if (line.trim() === '') return;
  list.push(line.trim().slice(0, 1000));
  if (list.length > MOST_LINES) list.shift();
}

function eachPiece(stream: Readable | null, see: (piece: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const pieces = (rest + text).split(/[\r\n]/);
    rest = pieces.pop() ?? '';
    for (const piece of pieces) see(piece);
  });
  stream?.on('end', () => see(rest));
}

function failed(reason: string, errors: readonly string[]): UserError {
  const full = errors.some((line) => /No space left/.test(line));
  return new UserError(
    ExitCode.failed,
    `rsync failed (${reason})${errors.length === 0 ? '' : `: ${errors.slice(-5).join('; ')}`}`,
    full
      ? 'the backup volume is full: a file that changed needs room beside its old self; give the backup a larger size (size:)'
      : 'the next run goes on with it',
  );
}
