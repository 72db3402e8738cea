/** From a path in the data (`volumes`, 2, `backup`) to the place in the file. */
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Range } from '../diagnostics.ts';
import type { Aliases } from './aliases.ts';
import type { Lines } from './lines.ts';

export type Path = readonly (string | number)[];

interface Found {
  /** null for the whole file, and for an element of a list. */
  readonly key: Node | null;
  readonly value: Node | null;
}

export class Places {
  readonly #byKey = new WeakMap<YAMLMap, ReadonlyMap<string, Found>>();

  constructor(
    readonly root: Node,
    readonly aliases: Aliases,
    readonly lines: Lines,
  ) {}

  /** The value's own text; of a map or a list, its first key or element, for a whole block says nothing. */
  value(path: Path): Range {
    const { key, value } = this.#find(path);
    return this.lines.rangeOf(firstScalar(value) ?? key ?? value);
  }

  /** The key's text; of an element of a list, its value. */
  key(path: Path): Range {
    const { key, value } = this.#find(path);
    return this.lines.rangeOf(key ?? value);
  }

  /** Everything that the value spans. */
  whole(path: Path): Range {
    return this.lines.rangeOf(this.#find(path).value);
  }

  /** As deep as the path leads; where it leads nowhere, the last thing that is there. */
  #find(path: Path): Found {
    let found: Found = { key: null, value: this.root };
    for (const step of path) {
      const next = this.#child(this.#meant(found.value), step);
      if (!next) break;
      found = next;
    }
    return found;
  }

  #meant(node: Node | null): Node | null {
    return isAlias(node) ? (this.aliases.targets.get(node) ?? null) : node;
  }

  #child(node: Node | null, step: string | number): Found | undefined {
    if (isMap(node)) return this.#keysOf(node).get(String(step));
    const value = isSeq(node) ? (node.items[Number(step)] as Node | undefined) : undefined;
    return value && { key: null, value };
  }

  /** Kept, for a map of ten thousand wrong keys is asked ten thousand times. */
  #keysOf(map: YAMLMap): ReadonlyMap<string, Found> {
    const known = this.#byKey.get(map);
    if (known) return known;
    const keys = new Map<string, Found>();
    for (const { key, value } of map.items) {
      const name = this.#meant(key as Node | null);
      if (isScalar(name)) keys.set(String(name.value), { key: key as Node, value: value as Node | null });
    }
    this.#byKey.set(map, keys);
    return keys;
  }
}

/** null where there is no text at all, as after `key:`. */
function firstScalar(node: Node | null): Node | null {
  if (isMap(node)) return (node.items[0]?.key as Node | undefined) ?? null;
  if (isSeq(node)) return firstScalar((node.items[0] as Node | undefined) ?? null);
  return isScalar(node) && node.range?.[0] === node.range?.[1] ? null : node;
}
