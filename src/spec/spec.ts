/**
 * The resolved Spec: what backup.yaml asks for with every policy merged and every default filled in.
 * It is plain data (JSON and back without loss), because a saved plan carries it and is planned again from it.
 */
import type { Bytes, Extents, Seconds } from '../units.ts';

/** A size as people write it. Percentages are resolved by the planner, at the step that allocates. */
export type Size =
  | { readonly unit: 'bytes'; readonly bytes: Bytes }
  | { readonly unit: 'extents'; readonly extents: Extents }
  | { readonly unit: '%ORIGIN'; readonly percent: number }
  | { readonly unit: '%FREE'; readonly percent: number };

export interface Spec {
  readonly version: 1;
  readonly group: GroupSpec;
  readonly sets: Readonly<Record<string, SetSpec>>;
  /** In the order of the file; patterns are not expanded, for that takes the state of the machine. */
  readonly volumes: readonly VolumeSpec[];
}

export interface GroupSpec {
  readonly name: string;
  /** Paths as written; empty where the file names none. */
  readonly devices: readonly string[];
  /** Used only where the group is created. */
  readonly extentSize: Bytes;
  readonly whenMissing: 'fail' | 'skip';
  readonly pool: PoolSpec | null;
}

export interface PoolSpec {
  readonly name: string;
  readonly size: Size;
  readonly chunkSize: Bytes;
  /** null: as much as the pool's size asks for. */
  readonly metadata: Bytes | null;
}

/** Where a backup comes from. `text` is the source as written, the name that people know it by. */
export type SourceSpec =
  | { readonly kind: 'volume'; readonly text: string; readonly group: string; readonly name: string }
  | {
      readonly kind: 'pattern';
      readonly text: string;
      readonly group: string;
      /** `*` stands for any run of characters, `?` for one; no other wildcard. */
      readonly pattern: string;
      /** Names and patterns of volumes of that group to leave out. */
      readonly exclude: readonly string[];
    }
  | { readonly kind: 'device'; readonly text: string; readonly path: string };

export interface VolumeSpec {
  readonly source: SourceSpec;
  /** Name of the backup volume; null for a pattern: each match gives `<lv>-backup`. */
  readonly backup: string | null;
  /** Name of the set that the source belongs to, a key of `Spec.sets`. */
  readonly set: string | null;
  readonly method: 'image' | 'files';
  /** The backup volume is at least this large, whatever the size of the source. */
  readonly size: Size | null;
  /** For a plain device: freeze its mounted file system while it is copied. */
  readonly freeze: boolean;
  readonly freezeLimit: Seconds;
  /** A complete backup younger than this needs no refresh; null: refresh at every run. */
  readonly refreshAfter: Seconds | null;
  readonly alertAfter: Seconds | null;
  readonly snapshot: SnapshotSpec;
  readonly keep: KeepSpec;
  readonly tracking: 'none' | 'snapshot';
  readonly verify: 'none' | 'written' | 'full';
  readonly limit: { readonly rate: Bytes | null };
  readonly onReadError: 'stop' | 'skip';
  readonly hooks: HooksSpec;
}

export interface SnapshotSpec {
  /** Name of the snapshot; null for a pattern (`<lv>-snap` of each match) and for a plain device. */
  readonly name: string | null;
  readonly size: Size;
  /** Take what there is between this and `size`; null: `size` or nothing. */
  readonly atLeast: Size | null;
  /** Path of the device that is lent to the source's group, as written. */
  readonly lend: string | null;
  /** Percent of the snapshot's own size: grow by `by` when it is `at` full. */
  readonly extend: { readonly at: number; readonly by: number } | null;
}

export interface KeepSpec {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

/** Argument lists, never shell lines. */
export type Argv = readonly string[];

export interface HooksSpec {
  readonly before: readonly Argv[];
  readonly after: readonly Argv[];
  readonly onSuccess: readonly Argv[];
  readonly onFailure: readonly Argv[];
  readonly timeout: Seconds;
}

export interface SetSpec {
  readonly hooks: HooksSpec;
}
