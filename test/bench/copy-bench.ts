/**
 * How fast copies are, beside dd and other programs on the same data, in one run. Run by `npm run bench:copy`; what
 * it found is in docs/performance.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseBytes } from '../../src/spec/sizes.ts';
import { MiB } from '../../src/units.ts';
import { bareLoop } from './copy-bare-loop.ts';
import { makeData } from './copy-data.ts';
import type { Measured } from './copy-measure.ts';
import { GROUPS, type Group, Rounds } from './copy-rounds.ts';
import { measureSparse } from './copy-sparse.ts';
import { table } from './copy-table.ts';

const HELP = `npm run bench:copy -- [options]
  --size SIZE      of each image (2GiB); seven are made
  --rounds N       how often each candidate runs (3)
  --folder FOLDER  on the disk that is to be measured (/var/tmp); what is made in it is removed
  --only GROUP     of: ${GROUPS.join(', ')}; may be given again
  --sparse SIZE    only this: peak memory on a file of holes of this size (128GiB, 1TiB)
  --raw FILE       also the figures of every round, as JSON`;

const [mode, ...operands] = process.argv.slice(2);
if (mode === 'bare-loop') {
  const [list = '', from = '', to = ''] = operands;
  await bareLoop(list, from, to);
} else {
  await bench();
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '2GiB' },
      rounds: { type: 'string', default: '3' },
      folder: { type: 'string', default: '/var/tmp' },
      only: { type: 'string', multiple: true, default: [...GROUPS] },
      sparse: { type: 'string' },
      raw: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) say(HELP);
  else if (values.sparse) await sparse(values.folder, sizeOf(values.sparse));
  else await rounds(values);
}

async function rounds(need: {
  readonly size: string;
  readonly rounds: string;
  readonly folder: string;
  readonly only: readonly string[];
  readonly raw?: string | undefined;
}): Promise<void> {
  const groups = GROUPS.filter((group) => need.only.includes(group));
  if (groups.length === 0) throw new Error(`--only takes one of: ${GROUPS.join(', ')}`);
  tell('making the data');
  const data = makeData(need.folder, sizeOf(need.size));
  removeWhenStopped(data.remove);
  try {
    const all = new Rounds(data, groups, tell);
    for (let round = 0; round < Number(need.rounds); round++) await all.run(round);
    if (need.raw) writeFileSync(need.raw, JSON.stringify(all.rows, null, 1));
    report(all, groups, data.isLoop);
  } finally {
    data.remove();
  }
}

function report({ rows, missing }: Rounds, groups: readonly Group[], isLoop: boolean): void {
  say(`Between ${isLoop ? 'loop devices with direct I/O' : 'plain files'}. Ratios: how many times as fast.`);
  for (const group of groups) {
    const own = rows.filter((row) => row.group === group);
    const against = group.startsWith('changed') ? rows.filter((row) => row.group === 'full') : own;
    if (own.length > 0) say(`\n### ${group}\n\n${table(own, against)}`);
  }
  if (missing.size > 0) say(`\nNot installed, so not measured: ${[...missing].join(', ')}`);
}

async function sparse(parent: string, size: number): Promise<void> {
  const folder = mkdtempSync(join(parent, 'bench-copy-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  removeWhenStopped(remove);
  const tellOne = (name: string, { seconds, cpu, peak }: Measured) =>
    say(`${name}: ${seconds.toFixed(1)} s, CPU ${cpu.toFixed(1)} s, peak ${(peak / MiB).toFixed(0)} MiB`);
  try {
    await measureSparse(folder, size, tellOne);
  } finally {
    remove();
  }
}

function sizeOf(text: string): number {
  const parsed = parseBytes(text);
  if ('fault' in parsed) throw new Error(`${text}: ${parsed.fault}`);
  if (parsed.value % (4 * MiB) !== 0) throw new Error(`${text}: this is no multiple of 4MiB`);
  return parsed.value;
}

function removeWhenStopped(remove: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      remove();
      process.exit(130);
    });
  }
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
