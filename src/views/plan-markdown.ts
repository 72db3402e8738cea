/** The plan for a pull request: what stands against it first, then what happens; the commands folded away. */
import type { Action } from '../plan/action.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';
import { commandsOf } from '../plan/steps.ts';
import { bytesOf, type Extents } from '../units.ts';
import { bytesText, countText } from '../units-text.ts';
import { whatText } from './action-text.ts';
import { literal } from './markdown.ts';
import { countsText } from './points-text.ts';
import { escaped, printable } from './printable.ts';
import { quoted } from './quote.ts';

export function planMarkdown(raw: Plan): string {
  const plan = printable(raw);
  return [
    `### ${title(plan)}`,
    summary(plan),
    problems(plan.problems),
    plan.actions.length > 0 ? actions(plan.actions) : '',
    plan.actions.length > 0 ? space(plan) : '',
    skipped(plan),
    points(plan),
    plan.actions.length > 0 ? commands(raw.actions) : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function title({ restore, config }: Plan): string {
  if (restore === undefined) return `lvmbackup plan for ${literal(config.path)}`;
  const to = restore.to === null ? '' : ` to ${literal(restore.to)}`;
  return `lvmbackup restore of ${literal(restore.source)}${to}`;
}

function summary(plan: Plan): string {
  if (hasErrors(plan)) return '**This plan cannot be applied.**';
  if (plan.actions.length === 0) return 'No changes.';
  const { create, change, remove, copyBytes } = plan.summary;
  return `**${create} to create, ${change} to change, ${remove} to remove, ${bytesText(copyBytes)} to copy.**`;
}

function problems(list: readonly Problem[]): string {
  return list
    .map(({ severity, code, message: what, hint, action }) => {
      const word = severity === 'error' ? '**Error**' : 'Warning';
      const where = action === undefined ? '' : ` (action ${action})`;
      return `- ${word} \`${code}\`${where}: ${message(what)}${hint === undefined ? '' : `<br>${message(hint)}`}`;
    })
    .join('\n');
}

function actions(list: readonly Action[]): string {
  return table(
    ['#', 'action', 'extents (size)', 'why'],
    list.map((action) => [String(action.id), whatText(action), sizeText(action), action.reason]),
  );
}

function sizeText(action: Action): string {
  switch (action.type) {
    case 'hook':
      return '';
    case 'copy':
    case 'point.create':
    case 'point.remove':
      return bytesText(action.bytes);
    case 'volume.create':
      // What lies in a pool takes no extents of the group.
      if (action.pool !== null) return bytesText(action.bytes);
      return `${countText(action.extents)} (${bytesText(action.bytes)})`;
    default:
      return `${countText(action.extents)} (${bytesText(action.bytes)})`;
  }
}

function space({ space: groups }: Plan): string {
  return table(
    ['group', 'free extents now', 'lowest', 'at the end'],
    groups.map((group) => {
      const sized = (count: Extents) =>
        `${countText(count)} (${bytesText(bytesOf(count, group.extentSize))})`;
      const at = group.lowestAt === null ? '' : `, at action ${group.lowestAt}`;
      return [group.group, sized(group.freeBefore), sized(group.freeLowest) + at, sized(group.freeAfter)];
    }),
  );
}

function skipped(plan: Plan): string {
  return plan.skipped.map(({ source, reason }) => `- ${literal(source)}: ${message(reason)}`).join('\n');
}

/** The counts where everybody sees them, each point folded away. */
function points({ points: sources }: Plan): string {
  return sources
    .map(({ source, points: list }) => {
      const rows = list.map((one) => [one.volume, one.state, one.verdict, one.reasons.join('; ')]);
      const title = `Restore points of ${escapedHtml(source)}: ${countsText(list)}`;
      const body = table(['volume', 'state', 'verdict', 'why'], rows);
      return [`<details><summary>${title}</summary>`, '', body, '', '</details>'].join('\n');
    })
    .join('\n\n');
}

/** For the title of what is folded, which is HTML. */
function escapedHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function commands(list: readonly Action[]): string {
  const lines = list.flatMap((action) => [
    `# ${action.id}. ${escaped(whatText(action))}`,
    ...commandsOf(action).map(quoted),
  ]);
  return ['<details><summary>Commands</summary>', '', '```sh', ...lines, '```', '', '</details>'].join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A message of ours: what stands in backquotes is a command, and stays as it is. */
function message(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : literal(part)))
    .join('');
}
