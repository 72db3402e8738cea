/** YAML text to plain data with the place of everything in it, or why it is not what the tool reads. */
import { isAlias, isPair, isScalar, parseDocument, visit } from 'yaml';
import type { Diagnostic } from '../diagnostics.ts';
import { Lines } from './lines.ts';
import { Places } from './locate.ts';

export type YamlResult =
  | { readonly data: unknown; readonly places: Places }
  | { readonly errors: readonly Diagnostic[] };

export function readYaml(text: string): YamlResult {
  const lines = new Lines(text);
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'error' });
  const places = new Places(document, lines);
  const errors = [...syntaxErrors(document, lines), ...contentErrors(places)];
  if (errors.length > 0) return { errors };
  if (document.contents === null) {
    return { errors: [{ code: 'empty', severity: 'error', message: 'the file is empty', hint: EMPTY_HINT }] };
  }
  try {
    return { data: document.toJS({ maxAliasCount: 100 }), places };
  } catch {
    // What is left after the checks above is a bomb of aliases.
    const message = 'the aliases in this file expand to too much';
    return { errors: [{ code: 'alias-bomb', severity: 'error', message, hint: 'write the values out' }] };
  }
}

const EMPTY_HINT = 'begin with: version: 1';

const SYNTAX: Record<string, string> = {
  MULTIPLE_DOCS: 'a second document begins here: one file describes one backup group',
  DUPLICATE_KEY: 'this key stands here a second time',
  TAB_AS_INDENT: 'there is a tab in the indentation: YAML takes spaces',
  NON_STRING_KEY: 'a key must be plain text',
  BAD_INDENT: 'the indentation does not fit what stands above',
};

/** After one token that does not fit, those behind it tell nothing more. */
function syntaxErrors(document: ReturnType<typeof parseDocument>, lines: Lines): Diagnostic[] {
  const all = [...document.errors, ...document.warnings];
  const first = all.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  return all
    .filter(({ code }, index) => code !== 'UNEXPECTED_TOKEN' || index === first)
    .map((error) => ({
      code: 'yaml',
      severity: 'error',
      message: SYNTAX[error.code] ?? firstSentence(error.message),
      range: lines.range(error.pos[0], error.pos[1]),
    }));
}

function firstSentence(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/:$/, '');
}

/** What is good YAML and no good here: merge keys, cycles, aliases without an anchor, numbers that lose digits. */
function contentErrors(places: Places): Diagnostic[] {
  const errors: Diagnostic[] = [];
  const add = (code: string, message: string, node: unknown, hint?: string) => {
    const range = places.range(node as Parameters<Places['range']>[0]);
    errors.push({ code, severity: 'error', message, range, ...(hint === undefined ? {} : { hint }) });
  };
  visit(places.document, (_, node, path) => {
    if (isPair(node) && isScalar(node.key) && node.key.value === '<<') {
      add(
        'merge-key',
        'merge keys (<<) are not read',
        node.key,
        'use defaults, or policies with policy: NAME',
      );
    }
    if (isAlias(node)) {
      const target = node.resolve(places.document);
      if (!target) add('alias', `no anchor named ${node.source} stands before this`, node);
      else if (path.includes(target))
        add('cycle', `the alias ${node.source} stands within its own anchor`, node);
    }
    if (isScalar(node) && typeof node.value === 'number' && !isSafe(node.value)) {
      add('number', 'this number has more digits than can be kept', node, 'write it with a unit');
    }
    if (isScalar(node) && typeof node.value === 'bigint') {
      add('number', 'this number has more digits than can be kept', node);
    }
  });
  return errors;
}

function isSafe(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
