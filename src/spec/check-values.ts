/** Every size, time, rate and percent of the file, checked where it is written, before anything is inherited. */
import type { Diagnostic } from '../diagnostics.ts';
import type { SpecFile } from './file.ts';
import type { Path, Places } from './locate.ts';
import { type Parsed, parseBytes, parseDuration, parsePercent, parseRate, parseSize } from './sizes.ts';

type Parser = (value: unknown) => Parsed<unknown>;

/** Keys of a policy, wherever one may stand. */
const POLICY_VALUES: readonly (readonly [path: Path, parse: Parser])[] = [
  [['refreshAfter'], parseDuration],
  [['alertAfter'], parseDuration],
  [['freezeLimit'], parseDuration],
  [['snapshot', 'size'], parseSize],
  [['snapshot', 'atLeast'], parseSize],
  [['snapshot', 'extend', 'at'], parsePercent],
  [['snapshot', 'extend', 'by'], parsePercent],
  [['limit', 'rate'], parseRate],
  [['hooks', 'timeout'], parseDuration],
  [['size'], parseSize],
];

const GROUP_VALUES: readonly (readonly [path: Path, parse: Parser])[] = [
  [['group', 'extentSize'], parseExtentSize],
  [['group', 'pool', 'size'], parseSize],
  [['group', 'pool', 'chunkSize'], parseBytes],
  [['group', 'pool', 'metadata'], parseBytes],
];

export function checkValues(file: SpecFile, places: Places): Diagnostic[] {
  const found = policyPaths(file).flatMap((base) =>
    POLICY_VALUES.map(([path, parse]) => [[...base, ...path], parse] as const),
  );
  const ofSets = Object.keys(file.sets ?? {}).map(
    (name) => [['sets', name, 'hooks', 'timeout'], parseDuration] as const,
  );
  return [...GROUP_VALUES, ...ofSets, ...found].flatMap(([path, parse]) => {
    const value = at(file, path);
    if (value === undefined || value === null) return [];
    const parsed = parse(value);
    if (!('fault' in parsed)) return [];
    const hint = parsed.hint === undefined ? {} : { hint: parsed.hint };
    return [
      { code: 'bad-value', severity: 'error', message: parsed.fault, range: places.value(path), ...hint },
    ];
  });
}

/** Where in the file a policy stands: the defaults, the named ones, and each volume. */
export function policyPaths(file: SpecFile): Path[] {
  return [
    ['defaults'],
    ...Object.keys(file.policies ?? {}).map((name) => ['policies', name]),
    ...file.volumes.map((_, index) => ['volumes', index]),
  ];
}

export function at(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return value;
}

/** LVM takes a power of two of at least one sector. */
function parseExtentSize(value: unknown): Parsed<unknown> {
  const parsed = parseBytes(value);
  if ('fault' in parsed) return parsed;
  const isPower = Number.isInteger(Math.log2(parsed.value));
  return isPower ? parsed : { fault: 'the size of an extent must be a power of two', hint: 'write 4MiB' };
}
