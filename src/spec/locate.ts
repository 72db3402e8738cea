/** From a path in the data (`volumes`, 2, `backup`) to the place in the file. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Range } from '../diagnostics.ts';
import type { Lines } from './lines.ts';

export type Path = readonly (string | number)[];

export class Places {
  constructor(
    readonly document: Document,
    readonly lines: Lines,
  ) {}

  /** The value's own text; of a map or a list, its first key or element, for a whole block says nothing. */
  value(path: Path): Range {
    const found = this.#find(path);
    return this.range(firstScalar(found.value) ?? found.key ?? found.value);
  }

  /** The key's text; of an element of a list, its value. */
  key(path: Path): Range {
    const found = this.#find(path);
    return this.range(found.key ?? found.value);
  }

  range(node: Node | null | undefined): Range {
    const [start, end] = node?.range ?? [0, 0];
    return this.lines.range(start, end);
  }

  /** As deep as the path leads; where it leads nowhere, the last thing that is there. */
  #find(path: Path): { key: Node | null; value: Node | null } {
    let key: Node | null = null;
    let value = this.document.contents as Node | null;
    for (const step of path) {
      const node = isAlias(value) ? (value.resolve(this.document) ?? null) : value;
      const pair = childOf(node, step);
      if (!pair) break;
      key = pair.key;
      value = pair.value;
    }
    return { key, value };
  }
}

function childOf(node: Node | null, step: string | number): { key: Node | null; value: Node | null } | null {
  if (isMap(node)) {
    const pair = node.items.find((one) => keyText(one) === String(step));
    return pair ? { key: pair.key as Node, value: (pair.value as Node | null) ?? (pair.key as Node) } : null;
  }
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    const value = isPair(item) ? (item.value as Node) : (item as Node | undefined);
    return value ? { key: null, value } : null;
  }
  return null;
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function firstScalar(node: Node | null): Node | null {
  if (isMap(node)) return (node.items[0]?.key as Node | undefined) ?? null;
  if (isSeq(node)) return firstScalar((node.items[0] as Node | undefined) ?? null);
  return node;
}
