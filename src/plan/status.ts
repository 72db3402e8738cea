/**
 * How the backups stand: each source's restore points, how old the newest is, what came of its last run. Pure: from the
 * file, the inventory, the history and a clock. Its JSON is `schemas/status.schema.json`.
 */
import type { Inventory } from '../lvm/inventory.ts';
import type { Spec } from '../spec/spec.ts';
import { bytesOf } from '../units.ts';
import { leftoversOf, type StatusLeftover, stillHeld } from './leftovers.ts';
import { membersOf } from './members.ts';
import { clockText } from './plan.ts';
import { type RestorePoint, restorePoints } from './restore-points.ts';
import { historyOf, type RunRecord } from './run-record.ts';
import { evaluateSource, heldBytes, isTrusted } from './source-status.ts';

export const STATUS_FORMAT = '1.0';

/**
 * `ok`: as the file wants it. `due`: older than refreshAfter. `late`: older than alertAfter. `failed`: there is a
 * restore point, but the last run failed. `none`: there is no restore point that a restore could trust.
 */
export type SourceState = 'ok' | 'due' | 'late' | 'failed' | 'none';

export interface SourceStatus {
  readonly source: string;
  readonly state: SourceState;
  /** One phrase: why. */
  readonly reason: string;
  /** `VG/LV` as the file names it; with restore points, the first of their names. */
  readonly backup: string;
  /** Of the newest restore point that is whole. */
  readonly newest: string | null;
  /** Where that is known from: the disk itself, or the history while the disk is away. */
  readonly from: 'tags' | 'history' | null;
  readonly ageSeconds: number | null;
  readonly refreshAfter: number | null;
  readonly alertAfter: number | null;
  /** Restore points that are whole, that a copy left unfinished, and that are known to be damaged. */
  readonly points: number;
  readonly incomplete: number;
  readonly damaged: number;
  /** Of the source as it is; null where it is not there. */
  readonly sourceBytes: number | null;
  /** What its volumes take in the backup group; thin ones share what they hold, and count once, as their source. */
  readonly heldBytes: number;
  readonly last: {
    readonly time: string;
    readonly result: string;
    readonly reason: string | null;
    readonly bytesRead: number | null;
    readonly bytesWritten: number | null;
  } | null;
  /** When a restore point of it was last read and compared. */
  readonly verified: { readonly time: string; readonly ok: boolean } | null;
}

export interface Status {
  readonly createdAt: string;
  readonly file: string;
  readonly group: {
    readonly name: string;
    readonly present: boolean;
    readonly bytes: number | null;
    readonly freeBytes: number | null;
  };
  /** Whether anything is late, missing, failed or damaged: exit code 7. */
  readonly attention: boolean;
  /** Another run is at work: what it has open is no leftover. */
  readonly running: boolean;
  readonly sources: readonly SourceStatus[];
  /** Restore points in the group whose source the file does not name (any more). */
  readonly others: readonly {
    readonly source: string;
    readonly points: number;
    readonly newest: string | null;
    readonly heldBytes: number;
  }[];
  readonly leftovers: readonly StatusLeftover[];
}

export interface StatusInput {
  readonly spec: Spec;
  readonly file: string;
  readonly inventory: Inventory;
  readonly clock: Date;
  /** The oldest first. */
  readonly runs: readonly RunRecord[];
  readonly liveRun: boolean;
  /** Mount points of file systems that a run holds still, or that a dead one held. */
  readonly held: readonly string[];
}

export function statusOf(input: StatusInput): Status {
  const { spec, inventory, clock, liveRun } = input;
  const group = inventory.groups.get(spec.group.name);
  const points = restorePoints(inventory).filter(({ volume }) => volume.group === spec.group.name);
  const leftovers = liveRun ? [] : [...stillHeld(input.held), ...leftoversOf(inventory, clock)];
  const { members } = membersOf(spec.volumes, inventory, []);
  const known = {
    points: { byId: indexed(points, 'sourceId'), byName: indexed(points, 'source') },
    history: historyOf(input.runs, spec.group.name),
    leftovers,
  };
  const sources = members.map((member) => evaluateSource(input, member, known));
  const named = new Set(sources.map(({ source }) => source));
  return {
    createdAt: clockText(clock),
    file: input.file,
    group: {
      name: spec.group.name,
      present: group !== undefined,
      bytes: group ? bytesOf(group.extents, group.extentSize) : null,
      freeBytes: group ? bytesOf(group.free, group.extentSize) : null,
    },
    attention: sources.some(needsAttention),
    running: liveRun,
    sources,
    others: othersIn(points.filter(({ source }) => !named.has(source))),
    leftovers,
  };
}

function needsAttention({ state, damaged }: SourceStatus): boolean {
  return state === 'late' || state === 'failed' || state === 'none' || damaged > 0;
}

function othersIn(points: readonly RestorePoint[]): Status['others'] {
  return [...indexed(points, 'source')].map(([source, own]) => {
    const [newest] = own.filter(isTrusted);
    return {
      source,
      points: own.filter(isTrusted).length,
      newest: newest?.time ? clockText(newest.time) : null,
      heldBytes: heldBytes(own),
    };
  });
}

/** In their order: the newest first. */
function indexed(points: readonly RestorePoint[], key: 'source' | 'sourceId'): Map<string, RestorePoint[]> {
  const index = new Map<string, RestorePoint[]>();
  for (const point of points) {
    const list = index.get(point[key]);
    if (list) list.push(point);
    else index.set(point[key], [point]);
  }
  return index;
}
