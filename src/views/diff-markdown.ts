/** What a change of the file comes to, for a pull request. */
import type { MachineChanges } from '../plan/plan-changes.ts';
import type { SettingChange, Side } from '../spec/changes.ts';
import { bytesText, countText } from '../units-text.ts';
import { actionText, ofText, removedText } from './diff-text.ts';
import type { DiffShown } from './diff-view.ts';
import { literal, tableMarkdown } from './markdown.ts';
import { printable } from './printable.ts';

export function diffMarkdown(raw: DiffShown): string {
  const shown = printable(raw);
  return [
    `### lvmbackup: what ${literal(shown.new.path)} changes`,
    changesPart(shown.changes),
    shown.warnings
      .map(
        ({ code, message, range }) =>
          `- Warning \`${code}\`, line ${range?.start.line ?? 1}: ${literal(message)}`,
      )
      .join('\n'),
    ...(shown.machine ? machineParts(shown.machine) : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function changesPart(changes: readonly SettingChange[]): string {
  if (changes.length === 0) return 'No setting is another: both files come to the same.';
  const rows = changes.map((change) => [
    lineText(change.before),
    lineText(change.after),
    literal(`${change.words}${ofText(change)}`),
    change.effects.map(literal).join('<br>'),
  ]);
  return tableMarkdown(['old line', 'new line', 'change', 'effect'], rows);
}

function lineText(side: Side | null): string {
  return side === null ? '' : side.line === null ? 'default' : String(side.line);
}

function machineParts(machine: MachineChanges & { readonly state: string }): string[] {
  const { actions, pointsRemoved, space } = machine;
  const lines = [
    ...actions.removed.map((action) => `- ${actionText(action)}`),
    ...actions.added.map((action) => `+ ${actionText(action)}`),
  ];
  const fence = '```';
  const block =
    lines.length === 0 ? 'No action is another.' : [`${fence}diff`, ...lines.map(unfenced), fence].join('\n');
  return [
    `**Actions of the next apply, by ${literal(machine.state)}**`,
    block,
    pointsRemoved === 0 ? '' : `**${removedText(pointsRemoved)}**`,
    space.length === 0 ? '' : spacePart(machine),
    [
      ...machine.problems.added.map(
        (one) =>
          `- ${one.severity === 'error' ? '**Error**' : 'Warning'} \`${one.code}\`: ${literal(one.message)}`,
      ),
      ...machine.problems.gone.map((one) => `- gone: \`${one.code}\`: ${literal(one.message)}`),
    ].join('\n'),
  ];
}

/** No name can end the block. */
function unfenced(line: string): string {
  return line.replaceAll('```', "'''");
}

function spacePart({ space }: MachineChanges): string {
  const rows = space.map(({ group, extentSize, before, after }) => {
    const sized = (count: number | null) =>
      count === null ? '' : `${countText(count)} (${bytesText(count * extentSize)})`;
    return [literal(group), sized(before), sized(after)];
  });
  return tableMarkdown(['free at the lowest, when every source is refreshed', 'old', 'new'], rows);
}
