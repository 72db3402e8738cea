/** How policies merge: maps key by key at every level, scalars and lists replace, null takes a key away. */

export function merge(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return isMap(above) ? withoutNulls(above) : above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === null) delete merged[key];
    else merged[key] = key in merged ? merge(merged[key], value) : merge(undefined, value);
  }
  return merged;
}

function withoutNulls(map: Record<string, unknown>): Record<string, unknown> {
  return merge({}, map) as Record<string, unknown>;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
