/** The history on disk: appended to, rotated, and read whatever happened to it. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendRun, historyPath, readHistory } from '../../src/commands/history-file.ts';
import type { RunRecord } from '../../src/plan/run-record.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const aRun = (exitCode: number): RunRecord => ({
  ...{
    formatVersion: '1.0',
    start: '2026-11-23T09:15:00Z',
    end: '2026-11-23T09:16:00Z',
    operation: 'backup',
  },
  ...{ file: 'backup.yaml', group: 'B', only: [], result: 'done', exitCode, reason: null },
  ...{ bytesRead: 1, bytesWritten: 0, sources: [] },
});
const codes = () => readHistory(folder).runs.map(({ exitCode }) => exitCode);

test('the first run makes the file, for root alone; the next ones are added', () => {
  const deeper = join(folder, 'a/b');
  appendRun(deeper, aRun(0));
  expect(statSync(historyPath(deeper)).mode & 0o777).toBe(0o600);
  expect(statSync(deeper).mode & 0o777).toBe(0o700);
  for (const code of [1, 2, 3]) appendRun(folder, aRun(code));
  expect(readHistory(folder)).toEqual({ runs: [1, 2, 3].map(aRun), unreadable: 0 });
});

test('no history is an empty one', () => {
  expect(readHistory(join(folder, 'nowhere'))).toEqual({ runs: [], unreadable: 0 });
});

test('when it is large it is put aside, and only a few of those are kept', () => {
  const two = JSON.stringify(aRun(10)).length * 2 + 10;
  for (let code = 10; code < 30; code++) appendRun(folder, aRun(code), two);
  expect(readdirSync(folder).sort()).toEqual(
    ['history.1.jsonl', 'history.2.jsonl', 'history.3.jsonl', 'history.jsonl'].sort(),
  );
  expect(codes()).toEqual([22, 23, 24, 25, 26, 27, 28, 29]);
});

test('a line that was torn by a power cut spoils neither the ones before it nor the next', () => {
  appendRun(folder, aRun(1));
  appendFileSync(historyPath(folder), '{"formatVersion":"1.0","sta');
  appendRun(folder, aRun(2));
  expect(codes()).toEqual([1, 2]);
  expect(readHistory(folder).unreadable).toBe(1);
});

test('what is none of ours, or of another major, is passed over and counted; what a minor adds is kept', () => {
  const lines = [
    'null',
    '[]',
    '"text"',
    JSON.stringify({ ...aRun(5), formatVersion: '2.0' }),
    JSON.stringify({ ...aRun(5), bytesRead: -1 }),
    JSON.stringify({ ...aRun(7), formatVersion: '1.4', added: true }),
  ];
  writeFileSync(historyPath(folder), `${lines.join('\n')}\n`);
  expect(codes()).toEqual([7]);
  expect(readHistory(folder).unreadable).toBe(5);
});

test('a link in its place is not followed', () => {
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(elsewhere, '');
  symlinkSync(elsewhere, historyPath(folder));
  expect(() => appendRun(folder, aRun(0))).toThrow(/ELOOP/);
  expect(statSync(elsewhere).size).toBe(0);
});
