/** What is good YAML and no good here: merge keys, keys twice, aliases that lead nowhere, numbers that lose digits. */
import {
  type Document,
  isPair,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic } from '../diagnostics.ts';
import type { Aliases } from './aliases.ts';
import type { Lines } from './lines.ts';

interface Found {
  readonly code: string;
  readonly message: string;
  readonly node: Node;
  readonly hint?: string;
}

export function contentErrors(document: Document, aliases: Aliases, lines: Lines): Diagnostic[] {
  const found: Found[] = [
    ...aliases.unresolved.map((node) => ({
      code: 'alias',
      message: `no anchor named ${node.source} stands before this`,
      node,
    })),
    ...aliases.cyclic.map((node) => ({
      code: 'cycle',
      message: `the alias ${node.source} stands within its own anchor`,
      node,
    })),
  ];
  visit(document, {
    Map: (_, map) => void found.push(...keysTwice(map, lines)),
    Pair: (_, pair) => void found.push(...mergeKey(pair)),
    Scalar: (_, scalar) => void found.push(...badScalar(scalar)),
  });
  return found.map(({ code, message, node, hint }) => ({
    code,
    severity: 'error',
    message,
    range: lines.rangeOf(node),
    ...(hint === undefined ? {} : { hint }),
  }));
}

function keysTwice(map: YAMLMap, lines: Lines): Found[] {
  const first = new Map<unknown, Node>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const before = first.get(key.value);
    if (!before) first.set(key.value, key);
    if (!before || key.value === '<<') return [];
    const { line } = lines.rangeOf(before).start;
    return [{ code: 'duplicate-key', message: `this key stands on line ${line} already`, node: key }];
  });
}

function mergeKey(pair: Pair): Found[] {
  if (!isPair(pair) || !isScalar(pair.key) || pair.key.value !== '<<') return [];
  const hint = 'use defaults, or policies with policy: NAME';
  return [{ code: 'merge-key', message: 'merge keys (<<) are not read', node: pair.key, hint }];
}

function badScalar(scalar: Scalar): Found[] {
  const { value } = scalar;
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    const message = 'this number is too large to be kept exactly';
    return [{ code: 'number', message, node: scalar, hint: 'write it with a unit' }];
  }
  if (Number.isNaN(value)) return [{ code: 'number', message: 'this is no number', node: scalar }];
  if (typeof value === 'string' && value.includes('\0')) {
    return [{ code: 'nul-byte', message: 'this text holds a NUL byte', node: scalar }];
  }
  return [];
}
