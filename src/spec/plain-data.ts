/** YAML nodes to plain data, with an end to what aliases may multiply and to how deep it goes. */
import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Aliases } from './aliases.ts';
import { MAX_DEPTH } from './limits.ts';

/** How many values all aliases together may stand for: far above any honest file, far below what hurts. */
const MAX_ALIASED = 100_000;

interface Read {
  readonly data: unknown;
  /** How many values it holds, aliases written out. */
  readonly values: number;
  /** How many maps and lists stand within each other in it. */
  readonly levels: number;
}

/** A node that goes too far. */
export class TooMuch extends Error {
  constructor(
    readonly what: 'alias-bomb' | 'too-deep',
    readonly node: Node,
  ) {
    super(what);
  }
}

/** Throws TooMuch. The aliases must be free of cycles. */
export function plainData(root: Node | null, aliases: Aliases): unknown {
  return new Reader(aliases).read(root, 0).data;
}

class Reader {
  readonly #anchored = new Map<Node, Read>();
  #aliased = 0;

  constructor(readonly aliases: Aliases) {}

  read(node: Node | null, depth: number): Read {
    if (isAlias(node)) return this.#alias(node, depth);
    const read = this.#node(node, depth);
    if (node && 'anchor' in node && node.anchor) this.#anchored.set(node, read);
    return read;
  }

  #alias(alias: Node, depth: number): Read {
    const target = this.aliases.targets.get(alias as Parameters<Aliases['targets']['get']>[0]);
    const read = target && this.#anchored.get(target);
    if (!read) throw new Error('an alias was read before its anchor');
    this.#aliased += read.values;
    if (this.#aliased > MAX_ALIASED) throw new TooMuch('alias-bomb', alias);
    if (depth + read.levels > MAX_DEPTH) throw new TooMuch('too-deep', alias);
    return read;
  }

  #node(node: Node | null, depth: number): Read {
    if (!isMap(node) && !isSeq(node)) {
      return { data: isScalar(node) ? node.value : null, values: 1, levels: 0 };
    }
    if (depth >= MAX_DEPTH) throw new TooMuch('too-deep', node);
    return isMap(node) ? this.#map(node.items, depth + 1) : this.#list(node.items as Node[], depth + 1);
  }

  #list(items: readonly (Node | null)[], depth: number): Read {
    const reads = items.map((item) => this.read(item, depth));
    return around(
      reads.map(({ data }) => data),
      reads,
    );
  }

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], depth: number): Read {
    const reads = items.map(({ key, value }) => {
      const name = this.read(key as Node | null, depth);
      return { ...this.read(value as Node | null, depth), name: String(name.data) };
    });
    // Every key becomes a property of its own, __proto__ too.
    return around(Object.fromEntries(reads.map(({ name, data }) => [name, data])), reads);
  }
}

function around(data: unknown, parts: readonly Read[]): Read {
  const values = parts.reduce((sum, part) => sum + part.values, 1);
  const levels = parts.reduce((most, part) => Math.max(most, part.levels), 0) + 1;
  return { data, values, levels };
}
