/** What was tried and survived, for the table at the end of a test run. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PLAIN } from '../../src/views/style.ts';
import { type Column, columnsText } from '../../src/views/table.ts';

const FOLDER = fileURLToPath(new URL('../../.cache', import.meta.url));
const FILE = `${FOLDER}/faults.jsonl`;

export interface Count {
  tried: number;
  survived: number;
}

interface Trial extends Count {
  readonly where: string;
  readonly fault: string;
  readonly seconds: number;
}

/** Writes down what the work counted, also where it fails. */
export async function trial(
  where: string,
  fault: string,
  work: (count: Count) => Promise<void>,
): Promise<void> {
  const count: Count = { tried: 0, survived: 0 };
  const since = Date.now();
  try {
    await work(count);
  } finally {
    const seconds = Math.round((Date.now() - since) / 1000);
    mkdirSync(FOLDER, { recursive: true });
    appendFileSync(FILE, `${JSON.stringify({ where, fault, ...count, seconds })}\n`);
  }
}

/** The same of one fault. */
export function oneTrial(where: string, fault: string, work: () => Promise<void>): Promise<void> {
  return trial(where, fault, async (count) => {
    count.tried = 1;
    await work();
    count.survived = 1;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'Where', align: 'left' },
  { title: 'Fault', align: 'left' },
  { title: 'tried', align: 'right' },
  { title: 'survived', align: 'right' },
  { title: 'seconds', align: 'right' },
];

/** Called by vitest before the first test. */
export function setup(): void {
  rmSync(FILE, { force: true });
}

/** Called by vitest after the last test. */
export function teardown(): void {
  if (!existsSync(FILE)) return;
  const trials = readFileSync(FILE, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Trial)
    .sort((a, b) => (a.where === b.where ? 0 : a.where < b.where ? -1 : 1));
  const rows = trials.map(({ where, fault, ...counts }) => [
    ...[where, fault],
    ...[counts.tried, counts.survived, counts.seconds].map(String),
  ]);
  process.stdout.write(`\n${columnsText(COLUMNS, rows, PLAIN).join('\n')}\n`);
}
