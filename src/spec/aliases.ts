/**
 * Which node each alias stands for, found in one walk. (The library searches the whole document again for every
 * alias: a quarter of a megabyte of them takes it minutes.)
 */
import { type Alias, type Document, isAlias, isNode, type Node, visit } from 'yaml';

export interface Aliases {
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Aliases without an anchor before them. */
  readonly unresolved: readonly Alias[];
  /** Aliases within the very node that they stand for. */
  readonly cyclic: readonly Alias[];
}

export function resolveAliases(document: Document): Aliases {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const unresolved: Alias[] = [];
  const cyclic: Alias[] = [];
  visit(document, (_, node, path) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target) unresolved.push(node);
      else if (path.includes(target)) cyclic.push(node);
      else targets.set(node, target);
    } else if (isNode(node) && node.anchor) {
      // An anchor may be set again: an alias means the last one before it.
      anchors.set(node.anchor, node);
    }
  });
  return { targets, unresolved, cyclic };
}
