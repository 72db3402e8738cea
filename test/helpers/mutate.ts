/** Documents with something wrong in them: parts gone, or of another kind. */
import fc from 'fast-check';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every place in a document, as the keys that lead to it. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    placesIn(part, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inside];
}

const SUBSTITUTES: readonly Json[] = [
  ...[null, true, -1, 0.5, 2 ** 60, '', '-x', '../..', 'a/b', 'NaN', '\u001b[2J', '__proto__'],
  ...[0, 1, 1e300, 2 ** 31, '0', '1', '1.5', '-1', '5B', '1g', '99999', '4294967296', '9007199254740993'],
  ...[[], {}, [null], [[]], { length: 1 }],
];

/** A copy of the document with one to three places removed or replaced. */
export function mutationsOf(document: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(document).filter((path) => path.length > 0);
  const change = fc.record({
    path: fc.constantFrom(...places),
    to: fc.option(fc.constantFrom(...SUBSTITUTES), { nil: undefined }),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy = structuredClone(document);
    for (const { path, to } of changes) replace(copy, path, to);
    return copy;
  });
}

function replace(document: unknown, path: readonly (string | number)[], to: Json | undefined): void {
  const last = path.at(-1) as string | number;
  let parent = document as Record<string | number, unknown> | null | undefined;
  for (const key of path.slice(0, -1)) parent = parent?.[key] as typeof parent;
  if (typeof parent !== 'object' || parent === null) return;
  if (to !== undefined) parent[last] = structuredClone(to);
  else if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete parent[last];
}
