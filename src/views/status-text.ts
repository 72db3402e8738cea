/** How the backups stand, as an administrator reads it: a line a source, then whatever needs a look. */
import { ageText } from '../plan/freshness.ts';
import type { SourceState, SourceStatus, Status } from '../plan/status.ts';
import { bytesText } from '../units-text.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { bar, type Column, columnsText } from './table.ts';

const COLOURS: Record<SourceState, keyof Style> = {
  ok: 'green',
  due: 'cyan',
  late: 'red',
  failed: 'red',
  none: 'red',
};

export function statusText(raw: Status, style: Style): string {
  const status = printable(raw);
  return [
    headText(status, style),
    sourcesText(status, style),
    attentionText(status, style),
    leftoversText(status, style),
    othersText(status, style),
    spaceText(status, style),
    lastLine(status, style),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headText({ group, file, createdAt, running }: Status, style: Style): string {
  const at = `as of ${timeText(createdAt)} UTC`;
  const run = running ? `\n${style.cyan('A run is at work right now.')}` : '';
  return `${style.bold(`Backups in ${group.name}`)}, as ${file} wants them, ${at}${run}`;
}

const COLUMNS: readonly Column[] = [
  { title: 'Source', align: 'left' },
  { title: 'state', align: 'left' },
  { title: 'newest copy (UTC)', align: 'left' },
  { title: 'age', align: 'right' },
  { title: 'until it is late', align: 'left' },
  { title: 'points', align: 'right' },
  { title: 'held', align: 'right' },
  { title: 'last run', align: 'left' },
  { title: 'verified', align: 'left' },
];

function sourcesText({ sources }: Status, style: Style): string {
  if (sources.length === 0) return 'No source of the file is on this machine.';
  const rows = sources.map((source) => [
    source.source,
    style[COLOURS[source.state]](source.state),
    source.newest === null ? '-' : timeText(source.newest),
    source.ageSeconds === null ? '-' : ageText(source.ageSeconds),
    ageBar(source, style),
    pointsText(source, style),
    source.heldBytes === 0 ? '-' : bytesText(source.heldBytes),
    lastText(source, style),
    verifiedText(source, style),
  ]);
  return columnsText(COLUMNS, rows, style)
    .map((line) => `  ${line}`)
    .join('\n');
}

const BAR = 10;

function ageBar({ ageSeconds, alertAfter, state }: SourceStatus, style: Style): string {
  if (alertAfter === null) return 'never late';
  const part = ageSeconds === null ? 0 : ageSeconds / alertAfter;
  return `${bar(part, BAR, style[COLOURS[state]], style)} of ${ageText(alertAfter)}`;
}

function pointsText({ points, incomplete, damaged }: SourceStatus, style: Style): string {
  const more = [
    ...(incomplete > 0 ? [style.yellow(`${incomplete} incomplete`)] : []),
    ...(damaged > 0 ? [style.red(`${damaged} damaged`)] : []),
  ];
  return [String(points), ...more].join(', ');
}

function lastText({ last }: SourceStatus, style: Style): string {
  if (!last) return '-';
  const word = last.result === 'complete' ? style.green(last.result) : style.red(last.result);
  return `${word} ${dayText(last.time)}`;
}

function verifiedText({ verified }: SourceStatus, style: Style): string {
  if (!verified) return 'never';
  return `${verified.ok ? style.green('ok') : style.red('damaged')} ${dayText(verified.time)}`;
}

/** All but the ones that are as the file wants them, with the reason. */
function attentionText({ sources }: Status, style: Style): string {
  const told = sources.filter(
    ({ state, damaged, from }) => state !== 'ok' || damaged > 0 || from === 'history',
  );
  if (told.length === 0) return '';
  const lines = told.map(
    ({ source, state, reason }) => `  ${style[COLOURS[state]](state)} ${source}: ${reason}`,
  );
  return [style.bold('Why'), '', ...lines].join('\n');
}

function leftoversText({ leftovers }: Status, style: Style): string {
  if (leftovers.length === 0) return '';
  const lines = leftovers.map(({ target, reason }) => `  ${style.yellow(target)}: ${reason}`);
  const hint = `  ${style.cyan('hint:')} the next apply puts it right before all else; sudo lvmbackup recover does it alone`;
  return [style.bold('Left by dead runs'), '', ...lines, hint].join('\n');
}

function othersText({ others }: Status, style: Style): string {
  if (others.length === 0) return '';
  const lines = others.map(({ source, points, newest, heldBytes }) => {
    const when = newest === null ? '' : `, the newest of ${timeText(newest)}`;
    return `  ${source}: ${points} restore point${points === 1 ? '' : 's'}${when}, ${bytesText(heldBytes)}`;
  });
  return [style.bold('Kept of sources that the file does not name'), '', ...lines].join('\n');
}

const SPACE_BAR = 30;

function spaceText({ group }: Status, style: Style): string {
  if (group.bytes === null || group.freeBytes === null) {
    return style.yellow(`The backup group ${group.name} is not here.`);
  }
  const used = (group.bytes - group.freeBytes) / Math.max(1, group.bytes);
  const free = `${bytesText(group.freeBytes)} of ${bytesText(group.bytes)} free`;
  return `${style.bold(`Space of ${group.name}`)}  ${bar(used, SPACE_BAR, style.cyan, style)} ${Math.floor(used * 100)}% used, ${free}`;
}

const ORDER: readonly SourceState[] = ['ok', 'due', 'late', 'failed', 'none'];

function lastLine({ sources, attention }: Status, style: Style): string {
  const counts = ORDER.flatMap((state) => {
    const count = sources.filter((source) => source.state === state).length;
    return count === 0 ? [] : [style[COLOURS[state]](`${count} ${state}`)];
  });
  const all = `${sources.length} source${sources.length === 1 ? '' : 's'}`;
  const tail = attention ? style.red(' This needs a look.') : '';
  return `${style.bold(all)}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}.${tail}`;
}

/** `2026-11-23 09:15` of `2026-11-23T09:15:00Z` */
export function timeText(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function dayText(time: string): string {
  return time.slice(0, 10);
}
