/** The rows of a benchmark of copies as a table: medians, and ratios to dd in the same run. */
import { GiB, MiB } from '../../src/units.ts';
import { BUFFERED, DIRECT } from './copy-candidates.ts';
import { medianOf } from './planning.ts';

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly cache: 'cold' | 'warm';
  /** Of each round. */
  readonly seconds: number[];
  readonly cpu: number[];
  readonly peak: number[];
  /** Of the engine's last round, from its own summary. */
  moved: { readonly read: number; readonly written: number } | null;
}

const HEADER = [
  '| what | cache | seconds (rounds) | dd direct | dd 4M | CPU s | memory | read | written |',
  '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
];

/** `against`: the group whose rows of dd are the measure. */
export function table(rows: readonly Row[], against: readonly Row[]): string {
  return [...HEADER, ...rows.map((row) => line(row, against))].join('\n');
}

function line(row: Row, against: readonly Row[]): string {
  const median = medianOf(row.seconds);
  const ratio = (name: string) => {
    const base = against.find((other) => other.name === name && other.cache === row.cache);
    return base ? `${(medianOf(base.seconds) / median).toFixed(2)}x` : '';
  };
  const rounds = [...row.seconds].sort((a, b) => a - b).map((seconds) => seconds.toFixed(2));
  const cells = [
    ...[row.name, row.cache, `${median.toFixed(2)} (${rounds.join(', ')})`],
    ...[ratio(DIRECT), ratio(BUFFERED), medianOf(row.cpu).toFixed(2), sizeText(medianOf(row.peak))],
    ...[row.moved ? sizeText(row.moved.read) : '', row.moved ? sizeText(row.moved.written) : ''],
  ];
  return `| ${cells.join(' | ')} |`;
}

function sizeText(size: number): string {
  return size >= 10 * GiB ? `${(size / GiB).toFixed(0)} GiB` : `${(size / MiB).toFixed(0)} MiB`;
}
