/**
 * What is refused before the YAML parser sees it. A megabyte of `[` takes that parser seconds and a gigabyte, so
 * size and depth are checked first, on the lexer's tokens, which takes milliseconds.
 */
import { Lexer } from 'yaml';
import type { Diagnostic } from '../diagnostics.ts';
import { Lines } from './lines.ts';

export const MAX_BYTES = 256 * 1024;
export const MAX_DEPTH = 32;

/** The text of the file, or why it is not even looked at. */
export function readText(source: Uint8Array): { text: string } | { error: Diagnostic } {
  if (source.length > MAX_BYTES) {
    return { error: fileError('too-large', `the file has more than ${MAX_BYTES} bytes`) };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch {
    return { error: fileError('not-utf8', 'the file is no valid UTF-8', 'save it as UTF-8') };
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) return { error: at(text, nul, 'nul-byte', 'there is a NUL byte here') };
  const deep = tooDeepAt(text);
  if (deep !== null) {
    return { error: at(text, deep, 'too-deep', `this is nested more than ${MAX_DEPTH} levels deep`) };
  }
  return { text };
}

function fileError(code: string, message: string, hint?: string): Diagnostic {
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }) };
}

/** A diagnostic about the one character at an offset. */
function at(text: string, offset: number, code: string, message: string): Diagnostic {
  return { code, severity: 'error', message, range: new Lines(text).range(offset, offset + 1) };
}

/** The lexer's own marks (document, flow scalar, …) have no place in the text. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f']);

/**
 * Offset of the token that goes too deep; null where none does. Blocks are counted by the columns in which they
 * begin: each level stands further right than the one around it, and `- - x` opens two in one line.
 */
function tooDeepAt(text: string): number | null {
  let offset = 0;
  let lineStart = 0;
  let flow = 0;
  let begins = true;
  const columns: number[] = [];
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    const isSpace = /^[ \t]*$/.test(token) || token.startsWith('#');
    if (!isSpace && !/^\r?\n/.test(token)) {
      const opens = token === '[' || token === '{';
      if (begins && flow === 0 && !opens) openBlock(columns, offset - lineStart);
      if (opens) flow++;
      if (token === ']' || token === '}') flow--;
      begins = token === '-' || token === '?';
      if (flow + columns.length > MAX_DEPTH) return offset;
    }
    offset += token.length;
    if (token.includes('\n')) {
      lineStart = offset - (token.length - 1 - token.lastIndexOf('\n'));
      begins = true;
    }
  }
  return null;
}

function openBlock(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) > column) columns.pop();
  if ((columns.at(-1) ?? -1) < column) columns.push(column);
}
