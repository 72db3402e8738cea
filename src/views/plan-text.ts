/** The plan as people read it at a terminal: actions, space, problems, and a last line of counts. */
import type { Action, CopyAction, HookAction, SnapshotCreate } from '../plan/action.ts';
import type { GroupSpace, Plan } from '../plan/plan.ts';
import { hasErrors } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';
import { commandsOf } from '../plan/steps.ts';
import type { Bytes } from '../units.ts';
import { bytesText, countText, extentsText } from '../units-text.ts';
import { stillText, whatText } from './action-text.ts';
import { pointsText } from './points-text.ts';
import { printable } from './printable.ts';
import { quoted } from './quote.ts';
import type { Style } from './style.ts';

export interface PlanTextOptions {
  readonly style: Style;
  /** The exact commands too, every restore point with what becomes of it, and what patterns left out. */
  readonly verbose: boolean;
}

export function planText(raw: Plan, { style, verbose }: PlanTextOptions): string {
  const plan: Plan = { ...raw, ...printable(shownOf(raw)) };
  const commands = verbose ? raw.actions.map((action) => commandsOf(action).map(quoted)) : [];
  const parts = [
    plan.actions.length > 0 ? actionsText(plan, style, commands) : '',
    plan.actions.length > 0 ? spaceText(plan.space, style) : '',
    skippedText('Nothing to do for', plan.skipped, style),
    verbose ? pointsText(plan.points, style) : '',
    verbose ? skippedText('Left out of patterns', plan.leftOut, style) : '',
    problemsText(plan.problems, style),
    lastLine(plan, style),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What is shown of a plan. */
function shownOf({ actions, space, skipped, points, leftOut, problems }: Plan) {
  return { actions, space, skipped, points, leftOut, problems };
}

/** One symbol a kind of change; the legend names only those that occur. */
const SYMBOLS: Record<Action['type'], readonly [symbol: string, meaning: string]> = {
  'group.create': ['+', 'create'],
  'group.extend': ['~', 'change'],
  'group.repair': ['~', 'change'],
  'volume.remove': ['-', 'remove'],
  'pool.create': ['+', 'create'],
  'point.create': ['+', 'create'],
  'point.remove': ['-', 'remove'],
  'group.reduce': ['~', 'change'],
  'volume.create': ['+', 'create'],
  'volume.extend': ['~', 'change'],
  'snapshot.create': ['+', 'create'],
  'snapshot.remove': ['-', 'remove'],
  'snapshot.keep': ['~', 'change'],
  copy: ['>', 'copy'],
  hook: ['*', 'run'],
};

const COLOURS: Record<string, keyof Style> = {
  '+': 'green',
  '-': 'red',
  '~': 'yellow',
  '>': 'cyan',
  '*': 'cyan',
};

/** `commands` holds those of each action, ready to be shown; empty where they are not. */
function actionsText(
  { actions, problems }: Plan,
  style: Style,
  commands: readonly (readonly string[])[],
): string {
  const width = String(actions.length).length;
  const used = [...new Map(actions.map(({ type }) => SYMBOLS[type])).entries()];
  const legend = used.map(([symbol, meaning]) => `${coloured(symbol, style)} ${meaning}`).join('   ');
  const closed = new Set(actions.flatMap(({ closes }) => (closes === undefined ? [] : [closes])));
  const faults = new Map(
    problems.flatMap(({ severity, action, code }) =>
      severity === 'error' && action !== undefined ? [[action, code] as const] : [],
    ),
  );
  const open = new Set<number>();
  const lines = actions.flatMap((action, index) => {
    if (action.closes !== undefined && endsIndent(action, actions)) open.delete(action.closes);
    const indent = '  '.repeat(open.size);
    if (closed.has(action.id)) open.add(action.id);
    const fault = faults.get(action.id) ?? null;
    return actionLines(action, { indent, width, style, fault, commands: commands[index] ?? [] });
  });
  return [`${style.bold('Actions')}   ${style.dim(legend)}`, '', ...lines].join('\n');
}

/** Hooks that follow a snapshot close nothing that others do not close after them. */
function endsIndent({ type, closes }: Action, actions: readonly Action[]): boolean {
  return type !== 'hook' || actions[(closes ?? 0) - 1]?.type === 'hook';
}

interface LineOptions {
  readonly indent: string;
  readonly width: number;
  readonly style: Style;
  /** The problem that stands against this very action. */
  readonly fault: string | null;
  readonly commands: readonly string[];
}

function actionLines(action: Action, { indent, width, style, fault, commands }: LineOptions): string[] {
  const id = String(action.id).padStart(width);
  const [symbol] = SYMBOLS[action.type];
  const mark = fault === null ? '' : `  ${style.red(`<- ${fault}, see below`)}`;
  const head = `${style.dim(`${id}.`)} ${indent}${coloured(symbol, style)} ${style.bold(whatText(action))}${mark}`;
  const below = ' '.repeat(width + 4) + indent;
  const held = action.type === 'copy' && action.quiesce ? ` · ${stillText(action.quiesce)}` : '';
  const detail = `${below}${sizeText(action)}${held}${style.dim(` · ${action.reason}`)}`;
  return [head, detail, ...commands.map((command) => style.dim(`${below}$ ${command}`))];
}

function coloured(symbol: string, style: Style): string {
  return style[COLOURS[symbol] ?? 'bold'](symbol);
}

function sizeText(action: Action): string {
  if (action.type === 'hook') return hooksText(action);
  if (action.type === 'copy') return copySizeText(action);
  if ('pool' in action && action.pool !== null && action.extents === 0) return `thin, in ${action.pool}`;
  const size = extentsText(action.extents, (action.bytes / Math.max(1, action.extents)) as Bytes);
  // What lies in a pool takes no extents of the group.
  const thin = `${bytesText(action.bytes)}, thin`;
  switch (action.type) {
    case 'volume.extend':
      return `${size} more, ${bytesText(action.newBytes)} then${onText(action.placement.devices)}`;
    case 'pool.create':
      return `${size} of data${onText(action.placement.devices)} · ${poolText(action)}`;
    case 'point.create':
    case 'point.remove':
      return thin;
    case 'snapshot.create':
      return size + onText(action.placement.devices) + growthText(action);
    case 'snapshot.keep':
      return action.replaces ? `${size}, in place of the base before it` : size;
    case 'volume.create':
      return action.pool === null ? size + onText(action.placement.devices) : `${thin} in ${action.pool}`;
    default:
      return size;
  }
}

/** What the file has run as root is shown in full, always. */
function hooksText({ hooks, timeout }: HookAction): string {
  return `${hooks.map(quoted).join('; ')} · ${timeout} s at most${hooks.length > 1 ? ' each' : ''}`;
}

/** The room that is kept for it to grow into. */
function growthText({ growth }: SnapshotCreate): string {
  if (growth === undefined) return '';
  const by = `${countText(growth.step)} at a time, ${countText(growth.extents)} in all`;
  return ` · grows when ${growth.at}% full: ${by}`;
}

function poolText({
  metadataExtents,
  metadataBytes,
  spareExtents,
  chunkSize,
}: Extract<Action, { type: 'pool.create' }>) {
  const spare = spareExtents === 0 ? 'a spare that is there' : `${countText(spareExtents)} for its spare`;
  return `metadata ${countText(metadataExtents)} (${bytesText(metadataBytes)}) and ${spare}, chunks of ${bytesText(chunkSize)}`;
}

/** How much is read and written stands there where it is less than all, and known. */
function copySizeText({ bytes, mode, reads }: CopyAction): string {
  const size = `${bytesText(bytes)}, ${mode}`;
  return reads === null || reads === bytes ? size : `${size}, about ${bytesText(reads)} to read and write`;
}

/** No device is named where none could be used. */
function onText(devices: readonly string[]): string {
  return devices.length === 0 ? '' : ` on ${devices.join(', ')}`;
}

const BAR = 30;

/** Per group: what is free now, at its lowest and at the end; and a bar of the lowest moment. */
function spaceText(space: readonly GroupSpace[], style: Style): string {
  const header = ['Group', 'extent', 'free now', 'lowest', 'at', 'at the end'];
  const rows = space.map((group) => [
    group.group,
    bytesText(group.extentSize),
    countText(group.freeBefore),
    countText(group.freeLowest),
    group.lowestAt === null ? '-' : `${group.lowestAt}.`,
    `${countText(group.freeAfter)} (${bytesText(group.freeAfter * group.extentSize)})`,
  ]);
  const widths = header.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [
    style.bold('Free extents'),
    '',
    `  ${style.dim(`${line(header)}  used at the lowest`)}`,
    ...space.map((group, index) => `  ${line(rows[index] ?? [])}  ${bar(group, style)}`),
  ].join('\n');
}

function bar({ extents, freeLowest }: GroupSpace, style: Style): string {
  const total = Math.max(1, extents, freeLowest);
  const used = Math.round(((total - freeLowest) / total) * BAR);
  const percent = Math.floor(((total - freeLowest) / total) * 100);
  return `[${style.cyan('#'.repeat(used))}${style.dim('.'.repeat(BAR - used))}] ${percent}%`;
}

function skippedText(
  title: string,
  list: readonly { source: string; reason: string }[],
  style: Style,
): string {
  if (list.length === 0) return '';
  return [style.bold(title), '', ...list.map(({ source, reason }) => `  ${source}: ${reason}`)].join('\n');
}

function problemsText(problems: readonly Problem[], style: Style): string {
  if (problems.length === 0) return '';
  return [style.bold('Problems'), '', ...problems.flatMap((problem) => problemLines(problem, style))].join(
    '\n',
  );
}

function problemLines(problem: Problem, style: Style): string[] {
  const isError = problem.severity === 'error';
  const word = isError ? style.red('error') : style.yellow('warning');
  const where = problem.action === undefined ? '' : ` (action ${problem.action})`;
  const head = `  ${word} ${style.dim(problem.code)}${where}: ${problem.message}`;
  return problem.hint === undefined ? [head] : [head, `    ${style.cyan('hint:')} ${problem.hint}`];
}

const NOTHING: Record<Plan['operation'], string> = {
  backup: 'No changes: every backup is as the file wants it.',
  restore: 'Nothing to restore.',
  recover: 'Nothing to recover: no run has left anything.',
};

function lastLine(plan: Plan, style: Style): string {
  const errors = plan.problems.filter(({ severity }) => severity === 'error').length;
  if (hasErrors(plan)) {
    const count = errors === 1 ? 'an error stands' : `${errors} errors stand`;
    return style.red(`This plan cannot be applied: ${count} against it.`);
  }
  if (plan.actions.length === 0) return NOTHING[plan.operation];
  const { create, change, remove, copyBytes } = plan.summary;
  return `${style.bold('Plan:')} ${create} to create, ${change} to change, ${remove} to remove, ${bytesText(copyBytes)} to copy.`;
}
