/** The plan for a pull request: what stands against it first, then what happens; the commands folded away. */
import type { Action } from '../plan/action.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';
import { commandsOf } from '../plan/steps.ts';
import { bytesText, countText } from '../units-text.ts';
import { quoted } from './quote.ts';

export function planMarkdown(plan: Plan): string {
  return [
    `### lvmbackup plan for \`${plan.config.path}\``,
    summary(plan),
    problems(plan.problems),
    plan.actions.length > 0 ? actions(plan.actions) : '',
    plan.actions.length > 0 ? space(plan) : '',
    skipped(plan),
    plan.actions.length > 0 ? commands(plan.actions) : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function summary(plan: Plan): string {
  if (hasErrors(plan)) return '**This plan cannot be applied.**';
  if (plan.actions.length === 0) return 'No changes.';
  const { create, change, remove, copyBytes } = plan.summary;
  return `**${create} to create, ${change} to change, ${remove} to remove, ${bytesText(copyBytes)} to copy.**`;
}

function problems(list: readonly Problem[]): string {
  return list
    .map(({ severity, code, message, hint }) => {
      const word = severity === 'error' ? '**Error**' : 'Warning';
      return `- ${word} \`${code}\`: ${escaped(message)}${hint === undefined ? '' : `<br>${escaped(hint)}`}`;
    })
    .join('\n');
}

function actions(list: readonly Action[]): string {
  return table(
    ['#', 'action', 'target', 'size', 'reason'],
    list.map((action) => [
      String(action.id),
      action.type,
      `\`${action.target}\``,
      bytesText(action.bytes),
      action.reason,
    ]),
  );
}

function space({ space: groups }: Plan): string {
  return table(
    ['group', 'free extents now', 'lowest', 'at action', 'at the end'],
    groups.map((group) => [
      `\`${group.group}\``,
      countText(group.freeBefore),
      countText(group.freeLowest),
      group.lowestAt === null ? '' : String(group.lowestAt),
      countText(group.freeAfter),
    ]),
  );
}

function skipped(plan: Plan): string {
  return plan.skipped.map(({ source, reason }) => `- \`${source}\`: ${escaped(reason)}`).join('\n');
}

function commands(list: readonly Action[]): string {
  const lines = list.flatMap((action) => [
    `# ${action.id}. ${action.type} ${action.target}`,
    ...commandsOf(action).map(quoted),
  ]);
  return ['<details><summary>Commands</summary>', '', '```sh', ...lines, '```', '', '</details>'].join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapedCell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapedCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
