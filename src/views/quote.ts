/** Argument lists for display only: as one would type them in a shell. Nothing is ever run from this text. */
import { escaped } from './printable.ts';

export function quoted(argv: readonly string[]): string {
  return argv.map(quotedWord).join(' ');
}

function quotedWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./{}-]+$/.test(word)) return word;
  const shown = escaped(word.replaceAll('\\', '\\\\'));
  if (shown.length > word.replaceAll('\\', '\\\\').length) return `$'${shown.replaceAll("'", "\\'")}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
