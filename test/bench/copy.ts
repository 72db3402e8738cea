/**
 * How fast copies are, beside dd and what else there is, on the same data in the same run. Run by
 * `npm run bench:copy [-- --size MiB] [-- --rounds N]`.
 *
 * The rounds are interleaved: each row is run once a round, so that a busy moment falls on all.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MiB } from '../../src/units.ts';
import { Field } from './copy-data.ts';
import { type Measured, measure } from './measure.ts';
import { medianOf } from './planning.ts';

const PROGRAM = fileURLToPath(new URL('../lvmbackup.cjs', import.meta.url));
const BARE_LOOP = fileURLToPath(new URL('bare-loop.mjs', import.meta.url));

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2048' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string', default: '.cache/bench' },
  },
});
const size = Number(values.size) * MiB;
const rounds = Number(values.rounds);

interface Row {
  readonly name: string;
  readonly argv: readonly string[];
  /** Before each round, unmeasured. */
  readonly prepare?: () => void;
  /** The row that it is held against, besides dd. */
  readonly against?: string;
  /** What the program itself says it took: for what is done before its start is felt. */
  readonly ownSeconds?: boolean;
}

const copy = (field: Field, ...options: string[]) => [
  ...[process.execPath, PROGRAM, 'copy', field.source, field.target, '-y', '--format', 'json'],
  ...options,
];
const dd = (field: Field, ...options: string[]) => [
  ...['dd', `if=${field.source}`, `of=${field.target}`, 'conv=notrunc,fsync', 'status=none'],
  ...options,
];
const NONE = ['--verify', 'none'];
const DIRECT = ['bs=4M', 'iflag=direct', 'oflag=direct'];

function rowsOf(field: Field): Row[] {
  const { manifest, list } = field;
  const remembering = [...NONE, '--manifest', manifest];
  return [
    { name: 'dd bs=4M direct', argv: dd(field, ...DIRECT) },
    { name: 'dd bs=4M', argv: dd(field, 'bs=4M') },
    {
      name: 'read alone (dd direct)',
      argv: ['dd', `if=${field.source}`, 'of=/dev/null', ...DIRECT.slice(0, 2)],
    },
    { name: 'full', argv: copy(field, ...NONE) },
    { name: 'full, verify written', argv: copy(field) },
    { name: 'full, verify full', argv: copy(field, '--verify', 'full') },
    {
      name: 'compare, nothing changed',
      argv: copy(field, ...remembering),
      prepare: () => writeFileSync(manifest, 'not a manifest'),
      against: 'read alone (dd direct)',
    },
    {
      name: 'manifest, 0 % changed',
      argv: copy(field, ...remembering),
      against: 'read alone (dd direct)',
    },
    { name: 'manifest, 1 % changed', argv: copy(field, ...remembering), prepare: () => field.change(1) },
    { name: 'manifest, 20 % changed', argv: copy(field, ...remembering), prepare: () => field.change(20) },
    {
      name: 'list, 1 % changed',
      argv: copy(field, ...remembering, '--list', list),
      prepare: () => field.change(1),
      ...{ against: 'the same chunks, bare', ownSeconds: true },
    },
    {
      name: 'the same chunks, bare',
      argv: [process.execPath, BARE_LOOP, field.source, field.target, list],
      ownSeconds: true,
    },
    ...peers(field),
  ];
}

/** What people use today, where it is installed. */
function peers(field: Field): Row[] {
  const found: Row[] = [];
  if (has('rsync')) {
    const argv = ['rsync', '--inplace', '--no-whole-file', '--copy-devices', '--write-devices'];
    const both = [...argv, field.source, field.target];
    found.push({ name: 'rsync --inplace, 0 %', argv: both });
    found.push({ name: 'rsync --inplace, 1 %', argv: both, prepare: () => field.change(1) });
  }
  if (has('bdsync')) {
    const argv = ['bdsync', '--diffsize=resize', 'bdsync -s', field.source, field.target];
    found.push({ name: 'bdsync (diff), 1 %', argv, prepare: () => field.change(1) });
  }
  return found;
}

/** Of a file system whose data are those of the field, where it can be made. */
function fileSystemRows(folder: string): { rows: Row[]; remove: () => void } {
  if (!has('mke2fs') || !has('e2image')) return { rows: [], remove: () => {} };
  const field = new Field(folder, size, 0);
  const made = spawnSync('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-E',
    'lazy_itable_init=0,nodiscard',
    field.source,
  ]);
  if (made.status !== 0) return { rows: [], remove: () => field.remove() };
  const rows: Row[] = [
    { name: 'ext4 that is empty: full', argv: copy(field, ...NONE) },
    { name: 'the same: e2image -ra', argv: ['e2image', '-ra', field.source, field.target] },
  ];
  if (has('partclone.ext4')) {
    const argv = ['partclone.ext4', '-b', '-s', field.source, '-o', field.target, '-L', join(folder, 'log')];
    rows.push({ name: 'the same: partclone.ext4 -b', argv });
  }
  return { rows, remove: () => field.remove() };
}

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

async function runRounds(rows: readonly Row[], cool: () => void): Promise<Map<string, Measured[]>> {
  const results = new Map<string, Measured[]>(rows.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, argv, prepare, ownSeconds } of rows) {
      prepare?.();
      cool();
      const one = await measure(argv);
      const seconds = ownSeconds ? ownSecondsOf(one.stdout) : one.seconds;
      results.get(name)?.push({ ...one, seconds });
      process.stderr.write(`round ${round + 1} of ${rounds}: ${name} ${seconds.toFixed(2)} s\n`);
    }
  }
  return results;
}

function ownSecondsOf(stdout: string): number {
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  return last.result?.seconds ?? last.seconds;
}

function table(
  rows: readonly Row[],
  results: Map<string, Measured[]>,
  references: readonly string[],
): string {
  const of = (name: string, pick: (one: Measured) => number) => medianOf((results.get(name) ?? []).map(pick));
  const seconds = (name: string) => of(name, (one) => one.seconds);
  const ratio = (one: string, other: string | undefined) =>
    other === undefined || !results.has(other) ? '' : `${(seconds(other) / seconds(one)).toFixed(2)} x`;
  const lines = rows.map(({ name, against }) => [
    name,
    seconds(name).toFixed(seconds(name) < 1 ? 3 : 2),
    ...references.map((reference) => ratio(name, reference)),
    against === undefined ? '' : `${ratio(name, against)} of ${against}`,
    of(name, (one) => one.cpu).toFixed(2),
    `${(Math.max(...(results.get(name) ?? []).map((one) => one.peak)) / MiB).toFixed(0)}`,
  ]);
  const head = [
    'row',
    'seconds',
    ...references.map((one) => `speed to ${one}`),
    'speed to',
    'CPU s',
    'peak MiB',
  ];
  return markdown([head, head.map(() => '---'), ...lines]);
}

function markdown(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function section(title: string, field: Field, rows: readonly Row[]): Promise<void> {
  const results = await runRounds(rows, () => field.cool());
  process.stdout.write(`\n### ${title}, ${field.kind}, ${rounds} rounds\n\n`);
  process.stdout.write(`${table(rows, results, ['dd bs=4M direct', 'dd bs=4M'])}\n`);
}

const gib = (size / 1024 / MiB).toFixed(1);
const field = new Field(join(values.folder, 'random'), size, 0);
try {
  const { rows, remove } = fileSystemRows(join(values.folder, 'ext4'));
  try {
    await section(`${gib} GiB of random data`, field, [...rowsOf(field), ...rows]);
  } finally {
    remove();
  }
} finally {
  field.remove();
}
const sparse = new Field(join(values.folder, 'zeros'), size, 70);
try {
  await section(`${gib} GiB, 70 % of it zero`, sparse, [
    ...rowsOf(sparse).slice(0, 4),
    {
      name: 'full, to a new file',
      argv: [
        process.execPath,
        PROGRAM,
        'copy',
        sparse.source,
        join(values.folder, 'new'),
        ...NONE,
        '--format',
        'json',
      ],
      prepare: () => rmSync(join(values.folder, 'new'), { force: true }),
    },
  ]);
} finally {
  sparse.remove();
  rmSync(values.folder, { recursive: true, force: true });
}
