/**
 * The history: a file with one JSON object a line, the newest last. When it has grown enough it becomes the first of a
 * few older ones. Runs hold the lock, so that only one of them writes.
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { validateRun } from '../generated/validators.js';
import type { RunRecord } from '../plan/run-record.ts';
import { MiB } from '../units.ts';

/** Some thousand runs of a few sources. */
const LARGEST = MiB;
const OLDER = 3;

export function historyPath(folder: string, age = 0): string {
  return join(folder, age === 0 ? 'history.jsonl' : `history.${age}.jsonl`);
}

/** Throws where it cannot be written. */
export function appendRun(folder: string, record: RunRecord, largest: number = LARGEST): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const line = `${JSON.stringify(record)}\n`;
  const size = statSync(historyPath(folder), { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size + line.length > largest) rotate(folder);
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(historyPath(folder), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, endsInside(fd) ? `\n${line}` : line);
  } finally {
    closeSync(fd);
  }
}

/** A power cut may have torn the last line: the next one begins on its own. */
function endsInside(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = new Uint8Array(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10;
}

function rotate(folder: string): void {
  for (let age = OLDER; age > 0; age--) {
    try {
      renameSync(historyPath(folder, age - 1), historyPath(folder, age));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

export interface History {
  /** The oldest first. */
  readonly runs: readonly RunRecord[];
  /** Lines that are none of ours, or torn: passed over. */
  readonly unreadable: number;
}

/** Empty where there is none. Throws where it may not be read. */
export function readHistory(folder: string): History {
  const runs: RunRecord[] = [];
  let unreadable = 0;
  for (let age = OLDER; age >= 0; age--) {
    for (const line of linesOf(historyPath(folder, age))) {
      const record = recordOf(line);
      if (record) runs.push(record);
      else unreadable++;
    }
  }
  return { runs, unreadable };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function recordOf(line: string): RunRecord | null {
  try {
    const record: unknown = JSON.parse(line);
    return validateRun(record) ? (record as RunRecord) : null;
  } catch {
    return null;
  }
}
