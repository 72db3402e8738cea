/** The runs, the newest first, and what came of each source where that is not a plain success. */
import type { RunRecord, SourceRecord } from '../plan/run-record.ts';
import { bytesText } from '../units-text.ts';
import { printable } from './printable.ts';
import { durationText } from './progress-text.ts';
import { timeText } from './status-text.ts';
import type { Style } from './style.ts';
import { type Column, columnsText } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'begun (UTC)', align: 'left' },
  { title: 'took', align: 'right' },
  { title: 'what', align: 'left' },
  { title: 'result', align: 'left' },
  { title: 'read', align: 'right' },
  { title: 'written', align: 'right' },
  { title: 'sources', align: 'left' },
];

const COLOURS: Record<RunRecord['result'], keyof Style> = {
  done: 'green',
  nothing: 'dim',
  partly: 'red',
  failed: 'red',
  refused: 'red',
  interrupted: 'yellow',
};

export function historyText(raw: readonly RunRecord[], unreadable: number, style: Style): string {
  const runs = printable(raw);
  const lost = unreadable === 0 ? [] : [`${unreadable} lines of the history could not be read.`];
  if (runs.length === 0) return ['No run has been recorded.', ...lost].join('\n');
  const [header = '', ...lines] = columnsText(
    COLUMNS,
    runs.map((run) => cells(run, style)),
    style,
  );
  const body = lines.flatMap((line, index) => [
    `  ${line}`,
    ...reasons(runs[index] as RunRecord).map((reason) => `      ${reason}`),
  ]);
  return [style.bold('Runs, the newest first'), '', `  ${header}`, ...body, ...lost].join('\n');
}

function cells(run: RunRecord, style: Style): string[] {
  const took = (Date.parse(run.end) - Date.parse(run.start)) / 1000;
  return [
    timeText(run.start),
    Number.isFinite(took) ? durationText(Math.max(0, took)) : '-',
    run.group === null ? run.operation : `${run.operation} to ${run.group}`,
    style[COLOURS[run.result]](run.result),
    run.bytesRead === 0 ? '-' : bytesText(run.bytesRead),
    run.bytesWritten === 0 ? '-' : bytesText(run.bytesWritten),
    counts(run.sources),
  ];
}

/** `2 complete, 1 failed` */
function counts(sources: readonly SourceRecord[]): string {
  const words = ['complete', 'failed', 'refused', 'skipped'] as const;
  const told = words.flatMap((word) => {
    const count = sources.filter(({ result }) => result === word).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return told.length === 0 ? '-' : told.join(', ');
}

function reasons({ sources, reason }: RunRecord): string[] {
  const own = sources.flatMap(({ source, result, reason: why }) =>
    result === 'failed' || result === 'refused' ? [`${source}: ${why ?? result}`] : [],
  );
  return own.length > 0 || reason === null ? own : [reason];
}
