/** Errors in a file: as text with the place shown, as JSON, and as annotations for GitHub. */
import type { Diagnostic } from '../diagnostics.ts';
import { escaped, printable } from './printable.ts';
import type { Style } from './style.ts';

const WIDEST = 160;
/** In text: whoever mends these sees the next ones. */
const MOST = 50;

/** The first line of each is `FILE:LINE:COL: message`; below it the text that is meant, and what to do. */
export function diagnosticsText(
  file: string,
  source: string,
  diagnostics: readonly Diagnostic[],
  style: Style,
): string {
  const lines = source.split('\n');
  const shown = diagnostics
    .slice(0, MOST)
    .map((diagnostic) => one(file, lines, printable(diagnostic), style));
  const more = diagnostics.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more errors`] : [])].join('\n');
}

function one(file: string, lines: readonly string[], diagnostic: Diagnostic, style: Style): string {
  const { line, column } = diagnostic.range?.start ?? { line: 1, column: 1 };
  const warning = diagnostic.severity === 'warning' ? 'warning: ' : '';
  const head = `${style.bold(`${escaped(file)}:${line}:${column}:`)} ${warning}${diagnostic.message}`;
  const hint = diagnostic.hint === undefined ? [] : [`  ${style.cyan('hint:')} ${diagnostic.hint}`];
  return [head, ...shown(lines, diagnostic, style), ...hint].join('\n');
}

/** The line, and `^~~~` below what is meant; a long line is shown from a little before it. */
function shown(lines: readonly string[], { range }: Diagnostic, style: Style): string[] {
  const text = range && lines[range.start.line - 1];
  if (!range || text === undefined || text.trim() === '') return [];
  const from = range.start.column - 1 > WIDEST - 40 ? range.start.column - 41 : 0;
  const end = range.end.line === range.start.line ? range.end.column : text.length + 1;
  const length = Math.max(1, Math.min(end - range.start.column, WIDEST));
  const gutter = String(range.start.line).padStart(4);
  // Tabs stay tabs, so that the caret stands below its text whatever their width.
  const at = range.start.column - 1;
  const line = text.replace(/\r$/, '').slice(0, from + WIDEST);
  const [before, meant, after] = [
    line.slice(from, at),
    line.slice(at, at + length),
    line.slice(at + length),
  ].map(seen) as [string, string, string];
  const under = before.replace(/[^\t]/g, ' ');
  return [
    `${style.dim(`${gutter} |`)} ${before}${meant}${after}`,
    `${style.dim('     |')} ${under}${style.red(`^${'~'.repeat(Math.max(0, meant.length - 1))}`)}`,
  ];
}

/** As a terminal may be given it; tabs stay. */
function seen(text: string): string {
  return text.split('\t').map(escaped).join('\t');
}

export function diagnosticsJson(file: string, diagnostics: readonly Diagnostic[]): string {
  const valid = !diagnostics.some(({ severity }) => severity === 'error');
  return JSON.stringify({ formatVersion: '1.0', valid, file, diagnostics }, null, 2);
}

/** GitHub shows about ten annotations of a step, so errors come first. */
export function diagnosticsGithub(file: string, diagnostics: readonly Diagnostic[]): string {
  const rank = ({ severity }: Diagnostic) => (severity === 'error' ? 0 : 1);
  return [...diagnostics]
    .sort((a, b) => rank(a) - rank(b))
    .map((diagnostic) => annotation(file, diagnostic))
    .join('\n');
}

function annotation(file: string, { severity, range, message, hint, code }: Diagnostic): string {
  const start = range?.start ?? { line: 1, column: 1 };
  const end = range?.end ?? start;
  const properties = [
    `file=${escapeProperty(file)}`,
    `line=${start.line}`,
    `endLine=${end.line}`,
    // GitHub takes columns only where they are of one line.
    ...(start.line === end.line ? [`col=${start.column}`, `endColumn=${end.column}`] : []),
    `title=${escapeProperty(`lvmbackup ${code}`)}`,
  ];
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return `::${severity} ${properties.join(',')}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
