/** What a change of the file comes to, for people: each setting with its two lines, then the machine. */
import type { Action } from '../plan/action.ts';
import type { MachineChanges } from '../plan/plan-changes.ts';
import type { SettingChange, Side } from '../spec/changes.ts';
import { bytesText, countText } from '../units-text.ts';
import { whatText } from './action-text.ts';
import type { DiffShown } from './diff-view.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { columnsText } from './table.ts';

export function diffText(raw: DiffShown, style: Style): string {
  const shown = printable(raw);
  return [
    style.bold(`From ${shown.old.path} to ${shown.new.path}`),
    changesText(shown.changes, style),
    warningsText(shown, style),
    ...(shown.machine ? machineParts(shown.machine, style) : []),
    lastLine(shown),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;
const COLOURS = { added: 'green', removed: 'red', changed: 'yellow' } as const;

function changesText(changes: readonly SettingChange[], style: Style): string {
  if (changes.length === 0) return 'No setting is another: both files come to the same.';
  const rows = changes.map((change) => [
    lineText(change.before),
    lineText(change.after),
    `${style[COLOURS[change.kind]](MARKS[change.kind])} ${style.bold(change.words)}${ofText(change)}`,
  ]);
  const columns = [
    { title: 'old line', align: 'right' },
    { title: 'new line', align: 'right' },
    { title: 'what is another', align: 'left' },
  ] as const;
  const [header = '', ...lines] = columnsText(columns, rows, style);
  const below = ' '.repeat('old line  new line  + '.length + 2);
  const body = lines.flatMap((line, index) => [
    `  ${line}`,
    ...(changes[index]?.effects ?? []).map((effect) => `${below}${effect}`),
  ]);
  return [`  ${header}`, ...body].join('\n');
}

/** A default has no line. */
function lineText(side: Side | null): string {
  return side === null ? '' : side.line === null ? 'default' : String(side.line);
}

const MOST_NAMES = 4;

/** Of whom, where the words do not say it. */
export function ofText({ kind, of, names }: SettingChange): string {
  if (kind !== 'changed' || of === 'group') return '';
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return ` for ${of === 'set' ? 'the set ' : ''}${shown}${more}`;
}

function warningsText({ warnings, new: file }: DiffShown, style: Style): string {
  if (warnings.length === 0) return '';
  const lines = warnings.flatMap(({ code, message, range, hint }) => [
    `  ${style.yellow('warning')} ${style.dim(code)} ${file.path}:${range?.start.line ?? 1}: ${message}`,
    ...(hint === undefined ? [] : [`    ${style.cyan('hint:')} ${hint}`]),
  ]);
  return [style.bold('What validate warns of now'), '', ...lines].join('\n');
}

function machineParts(machine: MachineChanges & { readonly state: string }, style: Style): string[] {
  const { actions, pointsRemoved } = machine;
  const points = pointsRemoved === 0 ? '' : style.red(removedText(pointsRemoved));
  const lines = [
    ...actions.removed.map((action) => `  ${style.red('-')} ${actionText(action)}`),
    ...actions.added.map((action) => `  ${style.green('+')} ${actionText(action)}`),
  ];
  const same = actions.same === 0 ? [] : [`  ${countText(actions.same)} actions stay as they are`];
  const none = lines.length + same.length === 0 ? ['  none, with either file'] : [];
  return [
    [style.bold(`Actions of the next apply, by ${machine.state}`), '', ...lines, ...same, ...none].join('\n'),
    points,
    spaceText(machine, style),
    problemsText(machine, style),
  ];
}

export function removedText(count: number): string {
  return `It removes ${countText(count)} restore point${count === 1 ? '' : 's'} that the old file would keep.`;
}

export function actionText(action: Action): string {
  if (action.type === 'copy') return `${whatText(action)}, ${bytesText(action.bytes)}, ${action.mode}`;
  if (!('extents' in action)) return whatText(action);
  return `${whatText(action)}, ${countText(action.extents)} extents (${bytesText(action.bytes)})`;
}

function spaceText({ space, copyBytes }: MachineChanges, style: Style): string {
  const rows = space.map(({ group, extentSize, before, after }) => {
    const sized = (count: number | null) =>
      count === null ? '-' : `${countText(count)} (${bytesText(count * extentSize)})`;
    return [group, sized(before), sized(after)];
  });
  const columns = [
    { title: 'Group', align: 'left' },
    { title: 'old', align: 'right' },
    { title: 'new', align: 'right' },
  ] as const;
  const table =
    rows.length === 0 ? [] : ['', ...columnsText(columns, rows, style).map((line) => `  ${line}`)];
  const copied =
    copyBytes.before === copyBytes.after
      ? []
      : [
          '',
          `  copied: ${bytesText(copyBytes.before)} with the old file, ${bytesText(copyBytes.after)} with the new one`,
        ];
  if (table.length + copied.length === 0) return '';
  return [style.bold('Free extents at the lowest, when every source is refreshed'), ...table, ...copied].join(
    '\n',
  );
}

function problemsText({ problems }: MachineChanges, style: Style): string {
  const line = (mark: string, { severity, code, message }: MachineChanges['problems']['added'][number]) =>
    `  ${mark} ${severity} ${style.dim(code)}: ${message}`;
  const lines = [
    ...problems.added.map((problem) => line(style.red('+'), problem)),
    ...problems.gone.map((problem) => line(style.green('-'), problem)),
  ];
  return lines.length === 0 ? '' : [style.bold('Problems that come and go'), '', ...lines].join('\n');
}

function lastLine({ changes, machine }: DiffShown): string {
  const count = `${changes.length} setting${changes.length === 1 ? '' : 's'} changed`;
  if (!machine)
    return changes.length === 0 ? '' : `${count}. With --state FILE also what that does on a machine.`;
  const { added, removed } = machine.actions;
  return `${count}; the next apply has ${added.length} actions that it had not, and lacks ${removed.length}.`;
}
