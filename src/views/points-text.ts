/** The restore points of each source, and what becomes of them, as lines of text. */
import type { PointView, SourcePoints } from '../plan/plan.ts';
import type { Style } from './style.ts';

const SYMBOLS: Record<PointView['verdict'], readonly [symbol: string, colour: keyof Style]> = {
  new: ['+', 'green'],
  keep: [' ', 'dim'],
  replace: ['>', 'cyan'],
  remove: ['-', 'red'],
};

/** Empty where no source keeps more than one. */
export function pointsText(sources: readonly SourcePoints[], style: Style): string {
  if (sources.length === 0) return '';
  const lines = sources.flatMap(({ source, points }) => [
    `  ${style.bold(source)}: ${countsText(points)}`,
    ...points.map((point) => `    ${pointLine(point, points, style)}`),
  ]);
  return [style.bold('Restore points'), '', ...lines].join('\n');
}

function pointLine(point: PointView, all: readonly PointView[], style: Style): string {
  const width = Math.max(...all.map(({ volume }) => volume.length));
  const [symbol, colour] = SYMBOLS[point.verdict];
  const state = point.state === 'complete' || point.verdict === 'new' ? '' : ` (${point.state})`;
  return `${style[colour](symbol)} ${point.volume.padEnd(width)}  ${point.verdict}${state}${style.dim(` · ${point.reasons.join('; ')}`)}`;
}

/** `1 new, 5 kept, 1 removed`: what there is of each. */
export function countsText(points: readonly PointView[]): string {
  const count = (verdict: PointView['verdict']) => points.filter((one) => one.verdict === verdict).length;
  const parts = [
    [count('new'), 'new'],
    [count('keep'), 'kept'],
    [count('replace'), 'written over'],
    [count('remove'), 'removed'],
  ] as const;
  return parts.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`])).join(', ');
}
