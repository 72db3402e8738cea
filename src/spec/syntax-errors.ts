/** What the YAML parser stumbles over, in our words. */
import type { Document, ErrorCode } from 'yaml';
import type { Diagnostic } from '../diagnostics.ts';
import type { Lines } from './lines.ts';

type Words = readonly [message: string, hint?: string];

const WORDS: Partial<Record<ErrorCode, Words>> = {
  MULTIPLE_DOCS: ['a second document begins here: one file describes one backup group'],
  TAB_AS_INDENT: ['there is a tab in the indentation: YAML takes spaces'],
  NON_STRING_KEY: ['a key must be plain text'],
  BAD_INDENT: ['the indentation does not fit what stands above'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second key cannot begin on this line',
    'put it on a line of its own, or text that holds ": " in quotes',
  ],
  BAD_SCALAR_START: ['text cannot begin with this character', 'put the text in quotes'],
  BAD_DQ_ESCAPE: ['YAML knows no such escape in double quotes', 'write \\\\ for one backslash'],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line'],
  MULTIPLE_ANCHORS: ['there can be only one anchor here'],
  MULTIPLE_TAGS: ['there can be only one tag here'],
  TAG_RESOLVE_FAILED: ['tags other than those of plain YAML are not read', 'take the !tag out'],
};

/** Some codes stand for several mistakes, which only the parser's own words tell apart. */
const BY_MESSAGE: readonly (readonly [pattern: RegExp, words: Words])[] = [
  [/closing .?quote/, ['a quote that was opened is not closed before this']],
  [/must end with a/, ['a bracket or brace that was opened is not closed before this']],
  [/followed by map values/, ['a key ends here without its colon', 'write KEY: VALUE']],
  [/Unsupported YAML version/, ['this version of YAML is not read', 'take the line out: YAML 1.2 is read']],
];

/**
 * After a first slip the parser guesses how the rest was meant, and what it says of that misleads: so the first alone.
 * What it only warns of stands for itself.
 */
export function syntaxErrors(document: Document, lines: Lines): Diagnostic[] {
  const slips = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]).slice(0, 1);
  return [...slips, ...document.warnings].map(({ code, message, pos: [start, end] }) => {
    const [text, hint] = BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ??
      WORDS[code] ?? [firstLine(message)];
    const range = lines.range(start, end);
    return { code: 'yaml', severity: 'error', message: text, ...(hint === undefined ? {} : { hint }), range };
  });
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/:$/, '');
}
