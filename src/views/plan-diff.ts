/** What is and what will be, as a unified diff of the layout. */
import { createTwoFilesPatch } from 'diff';
import type { Plan } from '../plan/plan.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** Empty where the layout stays as it is. */
export function planDiff({ layout }: Pick<Plan, 'layout'>, style: Style): string {
  const { before: now, after: then } = layout();
  const [before, after] = [now, then].map((lines) =>
    printable(lines)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (before === after) return '';
  const patch = createTwoFilesPatch('now', 'after apply', before ?? '', after ?? '', undefined, undefined, {
    context: 2,
  });
  return patch
    .split('\n')
    .slice(1)
    .map((line) => colouredLine(line, style))
    .join('\n')
    .trimEnd();
}

function colouredLine(line: string, style: Style): string {
  if (line.startsWith('+')) return style.green(line);
  if (line.startsWith('-')) return style.red(line);
  return line.startsWith('@@') ? style.cyan(line) : line;
}
