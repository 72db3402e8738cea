/**
 * The sources that this plan is about: the file's volumes with their patterns expanded on the inventory, and
 * narrowed by `--only`.
 */
import type { Inventory, Volume } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { isOwned } from '../lvm/tags.ts';
import type { SourceSpec, VolumeSpec } from '../spec/spec.ts';
import { globMatcher } from './glob.ts';
import type { Skipped } from './plan.ts';

/** One source, with the names that its backup has. */
export interface Member {
  readonly spec: VolumeSpec;
  /** `VG/LV`, or the device as the file writes it: the name that people know it by. */
  readonly source: string;
  readonly origin: Origin;
  /** Name of the backup volume in the backup group. */
  readonly backup: string;
}

export type Origin =
  | { readonly kind: 'volume'; readonly group: string; readonly name: string; readonly snapshot: string }
  | { readonly kind: 'device'; readonly path: string };

export interface Members {
  readonly members: readonly Member[];
  /** What patterns left out, and why. */
  readonly leftOut: readonly Skipped[];
  /** `--only` values that name no source. */
  readonly unknown: readonly string[];
}

/** In the order of the file; a pattern's matches in the order of their names. */
export function membersOf(
  volumes: readonly VolumeSpec[],
  inventory: Inventory,
  only: readonly string[],
): Members {
  const named = new Set(volumes.map(({ source }) => source.text));
  const leftOut: Skipped[] = [];
  const all: Member[] = [];
  const taken = new Set<string>();
  const hit = new Set<string>();
  for (const spec of volumes) {
    for (const member of expand(spec, inventory, named, leftOut)) {
      // Two patterns may match one volume: the first one in the file has it.
      if (taken.has(member.source)) continue;
      taken.add(member.source);
      const wanted = only.filter((name) => name === member.source || name === spec.source.text);
      for (const name of wanted) hit.add(name);
      if (only.length === 0 || wanted.length > 0) all.push(member);
    }
  }
  return { members: all, leftOut, unknown: only.filter((name) => !hit.has(name)) };
}

function expand(
  spec: VolumeSpec,
  inventory: Inventory,
  named: ReadonlySet<string>,
  leftOut: Skipped[],
): Member[] {
  const { source } = spec;
  switch (source.kind) {
    case 'volume':
      return [volumeMember(spec, source.group, source.name)];
    case 'device':
      return [
        {
          spec,
          source: source.text,
          origin: { kind: 'device', path: source.path },
          backup: spec.backup ?? '',
        },
      ];
    case 'pattern':
      return matches(source, inventory, named, leftOut).map(({ group, name }) =>
        volumeMember(spec, group, name),
      );
  }
}

function volumeMember(spec: VolumeSpec, group: string, name: string): Member {
  const snapshot = spec.snapshot.name ?? `${name}-snap`;
  return {
    spec,
    source: `${group}/${name}`,
    origin: { kind: 'volume', group, name, snapshot },
    backup: spec.backup ?? `${name}-backup`,
  };
}

function matches(
  source: Extract<SourceSpec, { kind: 'pattern' }>,
  inventory: Inventory,
  named: ReadonlySet<string>,
  leftOut: Skipped[],
): Volume[] {
  const fits = globMatcher(source.pattern);
  const excluded = source.exclude.map((text) => globMatcher(text));
  const volumes = [...(inventory.groups.get(source.group)?.volumes.values() ?? [])];
  return volumes
    .filter((volume) => fits(volume.name) && !volume.hidden)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((volume) => {
      const path = `${volume.group}/${volume.name}`;
      const reason = named.has(path)
        ? 'has an entry of its own'
        : excluded.some((matches) => matches(volume.name))
          ? 'excluded by the file'
          : unfitForPattern(volume, inventory);
      if (reason !== null) leftOut.push({ source: path, reason });
      return reason === null;
    });
}

/** Why a pattern passes a volume over; null where it takes it. */
function unfitForPattern(volume: Volume, inventory: Inventory): string | null {
  if (isOwned(volume.tags)) return 'is a volume of lvmbackup';
  if (!volume.roles.includes('public')) return 'is not public';
  if (volume.roles.includes('snapshot')) return 'is a snapshot';
  if (volume.layout.includes('pool')) return 'is a pool';
  if (isSwap(volume, inventory)) return 'is swap';
  return null;
}

function isSwap(volume: Volume, inventory: Inventory): boolean {
  const { devices } = inventory;
  if (!devices) return false;
  const path =
    devices.links.get(`/dev/${volume.group}/${volume.name}`) ?? mapperPath(volume.group, volume.name);
  const device = devices.byPath.get(path);
  const signature = devices.probes.get(path)?.signature;
  return (
    signature === 'swap' || device?.fsType === 'swap' || (device?.mountPoints.includes('[SWAP]') ?? false)
  );
}
