/** Columns that stand below each other, whatever colours are in them. */
import type { Style } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** The header dimmed, two spaces between columns, nothing behind the last one. */
export function columnsText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  const header = columns.map(({ title }) => title);
  const widths = columns.map((_, at) =>
    Math.max(...[header, ...rows].map((row) => seenLength(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [style.dim(line(header)), ...rows.map(line)];
}

function padded(cell: string, width: number, align: Column['align']): string {
  const gap = ' '.repeat(Math.max(0, width - seenLength(cell)));
  return align === 'left' ? cell + gap : gap + cell;
}

/** Colours take no room. */
export function seenLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
  return text.replace(/\u001b\[\d+m/g, '').length;
}

/** `[####......]`: how much of the whole; more than the whole is a full bar. */
export function bar(part: number, width: number, colour: (text: string) => string, style: Style): string {
  const filled = Math.round(Math.min(1, Math.max(0, part)) * width);
  return `[${colour('#'.repeat(filled))}${style.dim('.'.repeat(width - filled))}]`;
}
