/**
 * What is refused before the YAML parser sees it. A megabyte of `[` takes that parser seconds and a gigabyte, so
 * size and depth are checked first, on the lexer's tokens, which takes milliseconds.
 */
import { Lexer } from 'yaml';
import type { Diagnostic, Range } from '../diagnostics.ts';
import { Lines } from './lines.ts';

export const MAX_BYTES = 256 * 1024;
export const MAX_DEPTH = 32;

/** Tokens tell the depth only roughly (a list may stand below its key without indentation): here is where parsing stops being cheap. */
const ROUGH_DEPTH = 4 * MAX_DEPTH;

/** The text of the file; with an error, as much of it as can be shown. */
export interface TextRead {
  readonly text: string;
  readonly error?: Diagnostic;
}

export function readText(source: Uint8Array): TextRead {
  if (source.length > MAX_BYTES) {
    const message = `the file is larger than ${MAX_BYTES / 1024} KiB (${MAX_BYTES} bytes)`;
    return { text: '', error: { code: 'too-large', severity: 'error', message } };
  }
  const text = new TextDecoder('utf-8').decode(source);
  const lines = new Lines(text);
  const error = notUtf8(source, lines) ?? nulByte(lines) ?? roughlyTooDeep(lines);
  return error ? { text, error } : { text };
}

function notUtf8(source: Uint8Array, lines: Lines): Diagnostic | null {
  const offset = firstBroken(source, lines.text);
  if (offset === null) return null;
  const range = lines.range(offset, offset + 1);
  return {
    code: 'not-utf8',
    severity: 'error',
    message: 'the file is no valid UTF-8',
    hint: 'save it as UTF-8',
    range,
  };
}

/** Where decoding put a replacement that is not in the file itself; null where it put none. */
function firstBroken(source: Uint8Array, decoded: string): number | null {
  const encoder = new TextEncoder();
  const hasMark = source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf;
  let bytes = hasMark ? 3 : 0;
  let from = 0;
  for (const { index } of decoded.matchAll(/\ufffd/g)) {
    bytes += encoder.encode(decoded.slice(from, index)).length;
    if (source[bytes] !== 0xef || source[bytes + 1] !== 0xbf || source[bytes + 2] !== 0xbd) return index;
    bytes += 3;
    from = index + 1;
  }
  return null;
}

function nulByte(lines: Lines): Diagnostic | null {
  const offset = lines.text.indexOf('\0');
  if (offset < 0) return null;
  const range = lines.range(offset, offset + 1);
  return { code: 'nul-byte', severity: 'error', message: 'there is a NUL byte here', range };
}

function roughlyTooDeep(lines: Lines): Diagnostic | null {
  const offset = tooDeepAt(lines.text);
  return offset === null ? null : tooDeep(lines.range(offset, offset + 1));
}

export function tooDeep(range: Range): Diagnostic {
  const message = `this is nested more than ${MAX_DEPTH} levels deep`;
  return { code: 'too-deep', severity: 'error', message, range };
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
      if (flow > 0 && (token === ']' || token === '}')) flow--;
      begins = token === '-' || token === '?';
      if (flow + columns.length > ROUGH_DEPTH) return offset;
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
