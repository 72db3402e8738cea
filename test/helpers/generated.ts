/** Machines and files that are generated: what properties of the planner and of the runner are asked about. */
import fc from 'fast-check';
import type { Inventory, Volume } from '../../src/lvm/inventory.ts';
import type { Size, Spec, VolumeSpec } from '../../src/spec/spec.ts';
import { bytes, MiB, seconds } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from './machine.ts';
import { aSpec, aVolumeSpec, countOf, NO_HOOKS, percentOfFree, percentOfOrigin } from './specs.ts';

const size: fc.Arbitrary<Size> = fc.oneof(
  fc.integer({ min: 1, max: 150 }).map(percentOfOrigin),
  fc.integer({ min: 1, max: 100 }).map(percentOfFree),
  fc.integer({ min: 1, max: 300 }).map(countOf),
);

export interface Case {
  readonly inventory: Inventory;
  readonly spec: Spec;
}

const volumeCounts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 4 });

/** Two source groups of one to three disks, a backup group that may be missing, a device that may be lent; some sources are inactive. */
export const machineAndSpec: fc.Arbitrary<Case> = fc
  .record({
    counts: fc.tuple(volumeCounts, volumeCounts),
    disks: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 3 }),
    lentSize: fc.integer({ min: 2, max: 300 }),
    backupSize: fc.integer({ min: 20, max: 1500 }),
    backupExtent: fc.constantFrom(1, 4, 8, 32).map((n) => bytes(n * MiB)),
    present: fc.boolean(),
    asleep: fc.nat({ max: 4 }),
    snapshots: fc.array(
      fc.record({
        size,
        atLeast: fc.option(size),
        lend: fc.boolean(),
        set: fc.option(fc.constantFrom('x', 'y')),
        hooks: fc.subarray(['before', 'after'] as const),
      }),
      { minLength: 8, maxLength: 8 },
    ),
  })
  .map((made) => {
    const groups = made.counts.map((counts, index) => sourceGroup(`G${index}`, counts, made));
    const backup = aGroup('Backup', [{ device: '/dev/backup', extents: made.backupSize }], [], {
      extentSize: made.backupExtent,
    });
    const volumes = groups.flatMap((group) => [...group.volumes.values()]);
    return {
      inventory: anInventory({
        groups: made.present ? [...groups, backup] : groups,
        devices: [
          aDevice('/dev/lent', diskOf(made.lentSize)),
          ...(made.present ? [] : [aDevice('/dev/backup', diskOf(made.backupSize, made.backupExtent))]),
        ],
      }),
      spec: {
        ...aSpec(
          volumes.map((volume, index) => specOf(volume, made.snapshots[index])),
          { devices: ['/dev/backup'], extentSize: made.backupExtent },
        ),
        sets: { G0x: { hooks: hooksOf('set x', ['before', 'after']) } },
      },
    };
  });

function sourceGroup(
  name: string,
  counts: readonly number[],
  made: { disks: readonly number[]; asleep: number },
) {
  const used = counts.reduce((sum, count) => sum + count, 0);
  const disks = made.disks.map((extra, index) => ({
    device: `/dev/${name}${index}`,
    extents: index === 0 ? used + extra : extra + 1,
  }));
  return aGroup(
    name,
    disks,
    counts.map((count, index) => aVolume(name, `v${index}`, count, { active: index !== made.asleep })),
  );
}

interface Choice {
  size: Size;
  atLeast: Size | null;
  lend: boolean;
  set: string | null;
  hooks: readonly ('before' | 'after')[];
}

/** One command at each of these moments. */
function hooksOf(of: string, moments: readonly ('before' | 'after')[]) {
  const at = (moment: 'before' | 'after') => (moments.includes(moment) ? [[moment, of]] : []);
  return { ...NO_HOOKS, before: at('before'), after: at('after') };
}

function specOf(volume: Volume, choice: Choice | undefined): VolumeSpec {
  return aVolumeSpec(`${volume.group}/${volume.name}`, {
    backup: `${volume.group}-${volume.name}`,
    refreshAfter: seconds(3600),
    set: choice?.set ? `${volume.group}${choice.set}` : null,
    hooks: hooksOf(`${volume.group}/${volume.name}`, choice?.hooks ?? []),
    snapshot: {
      size: choice?.size ?? percentOfOrigin(100),
      atLeast: choice?.atLeast ?? null,
      lend: choice?.lend ? '/dev/lent' : null,
    },
  });
}
