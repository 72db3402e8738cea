/** YAML text to plain data with the place of everything in it, or why it is not what the tool reads. */
import { type Document, type Node, parseDocument } from 'yaml';
import type { Diagnostic } from '../diagnostics.ts';
import { type Aliases, resolveAliases } from './aliases.ts';
import { contentErrors } from './content-errors.ts';
import { tooDeep } from './limits.ts';
import { Lines } from './lines.ts';
import { Places } from './locate.ts';
import { plainData, TooMuch } from './plain-data.ts';
import { syntaxErrors } from './syntax-errors.ts';

export type YamlResult =
  | { readonly data: unknown; readonly places: Places }
  | { readonly errors: readonly Diagnostic[] };

export function readYaml(text: string): YamlResult {
  const lines = new Lines(text);
  // Keys are compared by us: the library compares each with each, a minute for a quarter of a megabyte of keys.
  const document = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const syntax = [...otherVersion(document, lines), ...syntaxErrors(document, lines)];
  if (syntax.length > 0) return { errors: syntax };
  const aliases = resolveAliases(document);
  const content = contentErrors(document, aliases, lines);
  if (content.length > 0) return { errors: content };
  if (document.contents === null) return { errors: [EMPTY] };
  return dataOf(document.contents, aliases, lines);
}

const EMPTY: Diagnostic = {
  code: 'empty',
  severity: 'error',
  message: 'the file is empty',
  hint: 'begin with: version: 1',
};

/** In YAML 1.1 `yes` is true and 1:30 is ninety: not what the reader of the file expects. */
function otherVersion(document: Document, lines: Lines): Diagnostic[] {
  const { explicit, version } = document.directives?.yaml ?? {};
  const start = lines.text.search(/^%YAML/m);
  if (!explicit || version === '1.2' || start < 0) return [];
  const range = lines.range(start, start + '%YAML 1.1'.length);
  const message = `this says YAML ${version}, and only YAML 1.2 is read`;
  return [{ code: 'yaml', severity: 'error', message, range, hint: 'take the line out' }];
}

function dataOf(root: Node, aliases: Aliases, lines: Lines): YamlResult {
  try {
    return { data: plainData(root, aliases), places: new Places(root, aliases, lines) };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    const range = lines.rangeOf(error.node);
    return { errors: [error.what === 'too-deep' ? tooDeep(range) : aliasBomb(range)] };
  }
}

function aliasBomb(range: Diagnostic['range'] & {}): Diagnostic {
  const message = 'with this alias, the aliases of this file stand for too much';
  return { code: 'alias-bomb', severity: 'error', message, range, hint: 'write the values out' };
}
