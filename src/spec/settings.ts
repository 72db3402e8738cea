/** What a file comes to, setting by setting: each with its value in words, and the line that decides it. */
import { at } from './check-values.ts';
import type { Linted } from './lint.ts';
import type { Path } from './locate.ts';
import { sizeText } from './sizes.ts';
import type { HooksSpec, Size, Spec, VolumeSpec } from './spec.ts';

export interface Setting {
  /** As in the file, with dots: `snapshot.size`. */
  readonly key: string;
  /** In words; null where there is nothing of it. */
  readonly value: string | null;
  /** One-based; null where the file does not say it: a default. */
  readonly line: number | null;
}

/** A source, the group or a set, and what is set of it. */
export interface Subject {
  readonly kind: 'group' | 'volume' | 'set';
  readonly name: string;
  readonly line: number;
  readonly settings: readonly Setting[];
}

export function subjectsOf(read: Linted): Subject[] {
  const { spec } = read;
  return [
    groupSubject(read),
    ...Object.keys(spec.sets).map((name) => setSubject(read, name)),
    ...volumeSubjects(read),
  ];
}

function groupSubject(read: Linted): Subject {
  const { spec, places } = read;
  const settings = Object.entries(groupValues(spec)).map(([key, value]) => {
    const path = ['group', ...key.split('.')];
    return { key: `group.${key}`, value, line: lineOf(read, [path]) };
  });
  return { kind: 'group', name: spec.group.name, line: places.key(['group']).start.line, settings };
}

function groupValues({ group }: Spec): Record<string, string | null> {
  const { pool } = group;
  return {
    name: group.name,
    devices: group.devices.length === 0 ? null : group.devices.join(', '),
    extentSize: bytesValue(group.extentSize),
    whenMissing: group.whenMissing,
    'pool.name': pool?.name ?? null,
    'pool.size': pool ? sizeText(pool.size) : null,
    'pool.chunkSize': pool ? bytesValue(pool.chunkSize) : null,
    'pool.metadata': pool?.metadata == null ? null : bytesValue(pool.metadata),
  };
}

function setSubject(read: Linted, name: string): Subject {
  const hooks = read.spec.sets[name]?.hooks;
  const settings = Object.entries(hooks ? hookValues(hooks) : {}).map(([key, value]) => {
    return { key: `hooks.${key}`, value, line: lineOf(read, [['sets', name, 'hooks', key]]) };
  });
  return { kind: 'set', name, line: read.places.key(['sets', name]).start.line, settings };
}

function volumeSubjects(read: Linted): Subject[] {
  const { file, spec, places } = read;
  return spec.volumes.map((volume, index) => {
    const { policy } = file.volumes[index] ?? {};
    const bases: Path[] = [
      ['volumes', index],
      ...(policy === undefined ? [] : [['policies', policy]]),
      ['defaults'],
    ];
    const line = (key: string) =>
      lineOf(
        read,
        bases.map((base) => [...base, ...key.split('.')]),
      ) ??
      // Half as long again as refreshAfter, where the file does not say it.
      (key === 'alertAfter'
        ? lineOf(
            read,
            bases.map((base) => [...base, 'refreshAfter']),
          )
        : null);
    return {
      kind: 'volume',
      name: volume.source.text,
      line: places.value(['volumes', index, 'source']).start.line,
      settings: Object.entries(volumeValues(volume)).map(([key, value]) => ({ key, value, line: line(key) })),
    };
  });
}

function volumeValues(volume: VolumeSpec): Record<string, string | null> {
  const { source, snapshot, keep } = volume;
  const size = (one: Size | null) => (one === null ? null : sizeText(one));
  return {
    backup: volume.backup,
    exclude: source.kind === 'pattern' && source.exclude.length > 0 ? source.exclude.join(', ') : null,
    set: volume.set,
    method: volume.method,
    size: size(volume.size),
    freeze: volume.freeze ? 'true' : 'false',
    freezeLimit: timeValue(volume.freezeLimit),
    refreshAfter: timeValue(volume.refreshAfter),
    alertAfter: timeValue(volume.alertAfter),
    'snapshot.name': snapshot.name,
    'snapshot.size': size(snapshot.size),
    'snapshot.atLeast': size(snapshot.atLeast),
    'snapshot.lend': snapshot.lend,
    'snapshot.extend': snapshot.extend ? `at ${snapshot.extend.at}% by ${snapshot.extend.by}%` : null,
    ...Object.fromEntries(Object.entries(keep).map(([key, count]) => [`keep.${key}`, String(count)])),
    tracking: volume.tracking,
    verify: volume.verify,
    'limit.rate': volume.limit.rate === null ? null : `${bytesValue(volume.limit.rate)}/s`,
    onReadError: volume.onReadError,
    ...Object.fromEntries(
      Object.entries(hookValues(volume.hooks)).map(([key, value]) => [`hooks.${key}`, value]),
    ),
  };
}

function hookValues(hooks: HooksSpec): Record<string, string | null> {
  const list = (lists: HooksSpec['before']) => (lists.length === 0 ? null : JSON.stringify(lists));
  const { before, after, onSuccess, onFailure, timeout } = hooks;
  return {
    before: list(before),
    after: list(after),
    onSuccess: list(onSuccess),
    onFailure: list(onFailure),
    timeout: timeValue(timeout),
  };
}

/** The line of the first of the places where the file says something. */
function lineOf({ file, places }: Linted, paths: readonly Path[]): number | null {
  for (const path of paths) {
    for (let length = 1; length <= path.length; length++) {
      const part = path.slice(0, length);
      const value = at(file, part);
      if (value === undefined) break;
      // null takes away whatever stands below it.
      if (value === null || length === path.length) return places.key(part).start.line;
    }
  }
  return null;
}

function bytesValue(size: number): string {
  return sizeText({ unit: 'bytes', bytes: size } as Size);
}

const UNITS: readonly (readonly [letter: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
];

/** `20h`: as the file would have it. Weeks are told as days, for that is what they are compared as. */
function timeValue(time: number | null): string | null {
  if (time === null) return null;
  const unit = UNITS.find(([, length]) => time % length === 0 && time > 0);
  return unit ? `${time / unit[1]}${unit[0]}` : `${time}s`;
}
