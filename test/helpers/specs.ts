/** Builders of resolved specs for tests. */

import type { Inventory } from '../../src/lvm/inventory.ts';
import { pvUuidFrom } from '../../src/lvm/pv-uuid.ts';
import type { PlanInput } from '../../src/plan/input.ts';
import type { GroupSpec, Size, SnapshotSpec, SourceSpec, Spec, VolumeSpec } from '../../src/spec/spec.ts';
import { bytes, extents, MiB, seconds } from '../../src/units.ts';

export const NO_HOOKS = { before: [], after: [], onSuccess: [], onFailure: [], timeout: seconds(300) };

export const percentOfOrigin = (percent: number): Size => ({ unit: '%ORIGIN', percent });
export const percentOfFree = (percent: number): Size => ({ unit: '%FREE', percent });
export const countOf = (count: number): Size => ({ unit: 'extents', extents: extents(count) });

export function aSource(text: string): SourceSpec {
  if (text.startsWith('/')) return { kind: 'device', text, path: text };
  const [group = '', name = ''] = text.split('/');
  return name.includes('*')
    ? { kind: 'pattern', text, group, pattern: name, exclude: [] }
    : { kind: 'volume', text, group, name };
}

type VolumeTraits = Partial<Omit<VolumeSpec, 'snapshot'>> & { snapshot?: Partial<SnapshotSpec> };

export function aVolumeSpec(text: string, traits: VolumeTraits = {}): VolumeSpec {
  const source = traits.source ?? aSource(text);
  const name = source.kind === 'volume' ? source.name : null;
  return {
    backup: name === null ? null : `${name}-backup`,
    set: null,
    method: 'image',
    size: null,
    freeze: false,
    freezeLimit: seconds(60),
    refreshAfter: null,
    alertAfter: null,
    keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    tracking: 'none',
    verify: 'written',
    limit: { rate: null },
    onReadError: 'stop',
    hooks: NO_HOOKS,
    ...traits,
    source,
    snapshot: {
      name: name === null ? null : `${name}-snap`,
      size: percentOfOrigin(100),
      atLeast: null,
      lend: null,
      extend: null,
      ...traits.snapshot,
    },
  };
}

export function aSpec(volumes: readonly VolumeSpec[], group: Partial<GroupSpec> = {}): Spec {
  return {
    version: 1,
    group: {
      name: 'Backup',
      devices: [],
      extentSize: bytes(4 * MiB),
      whenMissing: 'fail',
      pool: null,
      ...group,
    },
    sets: {},
    volumes,
  };
}

export const CLOCK = new Date('2026-11-23T09:15:00Z');

export function anInput(spec: Spec, inventory: Inventory, traits: Partial<PlanInput> = {}): PlanInput {
  return {
    spec,
    inventory,
    clock: CLOCK,
    config: { path: 'backup.yaml', sha256: '0'.repeat(64) },
    only: [],
    host: '0123456789ab',
    liveRun: false,
    timeZone: 'UTC',
    neverFreeze: [],
    hasProgram: null,
    pvUuid: pvUuidFrom,
    ...traits,
  };
}
