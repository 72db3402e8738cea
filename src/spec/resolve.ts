/** The file to the resolved Spec: policies merged, every default filled in. What cannot be read was refused before. */
import { type Bytes, bytes, KiB, MiB, type Seconds, seconds } from '../units.ts';
import type { HooksFile, PolicyFile, SpecFile, VolumeFile } from './file.ts';
import { merge } from './merge.ts';
import { type Parsed, parseBytes, parseDuration, parsePercent, parseRate, parseSize } from './sizes.ts';
import type {
  GroupSpec,
  HooksSpec,
  KeepSpec,
  SetSpec,
  Size,
  SnapshotSpec,
  SourceSpec,
  Spec,
  VolumeSpec,
} from './spec.ts';

const DEFAULT_SNAPSHOT_SIZE: Size = { unit: '%ORIGIN', percent: 100 };
const FREEZE_LIMIT = seconds(60);
const HOOK_TIMEOUT = seconds(300);

export function resolveSpec(file: SpecFile): Spec {
  const sets: Record<string, SetSpec> = {};
  for (const [name, set] of Object.entries(file.sets ?? {})) sets[name] = { hooks: resolveHooks(set?.hooks) };
  return {
    version: 1,
    group: resolveGroup(file.group),
    sets,
    volumes: file.volumes.map((volume) => resolveVolume(file, volume)),
  };
}

function resolveGroup(group: SpecFile['group']): GroupSpec {
  const { pool } = group;
  return {
    name: group.name,
    devices: group.devices ?? [],
    extentSize: read(parseBytes, group.extentSize) ?? bytes(4 * MiB),
    whenMissing: group.whenMissing ?? 'fail',
    pool: pool
      ? {
          name: pool.name,
          size: checked(parseSize(pool.size)),
          chunkSize: read(parseBytes, pool.chunkSize) ?? bytes(256 * KiB),
          metadata: read(parseBytes, pool.metadata),
        }
      : null,
  };
}

/** A volume with its policies merged below it, still as written. */
export function inherited(file: SpecFile, volume: VolumeFile): VolumeFile {
  const named = volume.policy === undefined ? {} : (file.policies?.[volume.policy] ?? {});
  return merge(merge(file.defaults ?? {}, named), volume) as VolumeFile;
}

function resolveVolume(file: SpecFile, written: VolumeFile): VolumeSpec {
  const volume = inherited(file, written);
  const source = sourceOf(volume.source, volume.exclude ?? []);
  const refreshAfter = read(parseDuration, volume.refreshAfter);
  return {
    source,
    backup: volume.backup ?? (source.kind === 'volume' ? `${source.name}-backup` : null),
    set: volume.set ?? null,
    method: volume.method ?? 'image',
    size: read(parseSize, volume.size),
    freeze: volume.freeze ?? false,
    freezeLimit: read(parseDuration, volume.freezeLimit) ?? FREEZE_LIMIT,
    refreshAfter,
    alertAfter: read(parseDuration, volume.alertAfter) ?? lateAfter(refreshAfter),
    snapshot: resolveSnapshot(volume.snapshot, source),
    keep: resolveKeep(volume.keep),
    tracking: volume.tracking ?? 'none',
    verify: volume.verify ?? 'written',
    limit: { rate: read(parseRate, volume.limit?.rate) as Bytes | null },
    onReadError: volume.onReadError ?? 'stop',
    hooks: resolveHooks(volume.hooks),
  };
}

/** Half as long again: a run that comes a little late is no alarm. */
function lateAfter(refreshAfter: Seconds | null): Seconds | null {
  return refreshAfter === null ? null : seconds(Math.round(refreshAfter * 1.5));
}

/** `VG/LV`, `VG/pattern` or a path: told apart by their own characters alone. */
export function sourceOf(text: string, exclude: readonly string[] = []): SourceSpec {
  if (text.startsWith('/')) return { kind: 'device', text, path: text };
  const slash = text.indexOf('/');
  const group = slash < 0 ? text : text.slice(0, slash);
  const name = slash < 0 ? '' : text.slice(slash + 1);
  return /[*?]/.test(name)
    ? { kind: 'pattern', text, group, pattern: name, exclude }
    : { kind: 'volume', text, group, name };
}

function resolveSnapshot(snapshot: PolicyFile['snapshot'], source: SourceSpec): SnapshotSpec {
  const extend = snapshot?.extend;
  return {
    name: snapshot?.name ?? (source.kind === 'volume' ? `${source.name}-snap` : null),
    size: read(parseSize, snapshot?.size) ?? DEFAULT_SNAPSHOT_SIZE,
    atLeast: read(parseSize, snapshot?.atLeast),
    lend: snapshot?.lend ?? null,
    extend: extend
      ? { at: read(parsePercent, extend.at) ?? 80, by: read(parsePercent, extend.by) ?? 20 }
      : null,
  };
}

function resolveKeep(keep: PolicyFile['keep']): KeepSpec {
  const count = (period: string) => keep?.[period] ?? 0;
  return {
    last: keep?.last ?? 1,
    hourly: count('hourly'),
    daily: count('daily'),
    weekly: count('weekly'),
    monthly: count('monthly'),
    yearly: count('yearly'),
  };
}

function resolveHooks(hooks: HooksFile | null | undefined): HooksSpec {
  return {
    before: hooks?.before ?? [],
    after: hooks?.after ?? [],
    onSuccess: hooks?.onSuccess ?? [],
    onFailure: hooks?.onFailure ?? [],
    timeout: read(parseDuration, hooks?.timeout) ?? HOOK_TIMEOUT,
  };
}

function read<T>(parse: (value: unknown) => Parsed<T>, value: unknown): T | null {
  return value === undefined || value === null ? null : checked(parse(value));
}

function checked<T>(parsed: Parsed<T>): T {
  if ('fault' in parsed) throw new Error(`a value that was checked before cannot be read: ${parsed.fault}`);
  return parsed.value;
}
