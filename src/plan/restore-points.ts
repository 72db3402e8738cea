/**
 * The restore points that the tags tell of: volumes of a rotation, points and heads in pools. Needs no file, and
 * works on another machine.
 */
import type { Inventory, Volume } from '../lvm/inventory.ts';
import { type CopyState, readBackupRecord, tagValue } from '../lvm/tags.ts';
import { type Bytes, bytes } from '../units.ts';

export interface RestorePoint {
  /** `VG/LV` of the volume that holds it. */
  readonly path: string;
  readonly volume: Volume;
  /**
   * `copy`: a volume of its own, which a later run may write over. `point`: a thin snapshot in a pool, never written
   * to. `head`: the thin volume that copies go to; the point that follows a complete copy holds the same.
   */
  readonly kind: 'copy' | 'point' | 'head';
  /** As people know it: `VG/LV` or the device as the file wrote it. */
  readonly source: string;
  readonly sourceId: string;
  /** The first twelve characters of the machine's id that made it; null where no tag says so. */
  readonly host: string | null;
  /** Of the source, when it was copied; null where no tag says so. */
  readonly size: Bytes | null;
  readonly state: CopyState;
  /** Of the snapshot that was copied; null where the copy was never completed. */
  readonly time: Date | null;
  readonly digest: string | null;
  /** When its bytes were last read and compared, and what that came to. */
  readonly verified: { readonly time: Date; readonly ok: boolean } | null;
}

/**
 * Newest first, those without a time last; of one source, or of all of them. A head whose state a point holds too is
 * left out, and so is what a dead run left half made.
 */
export function restorePoints(inventory: Inventory, sourceId: string | null = null): RestorePoint[] {
  const all = [...inventory.groups.values()].flatMap((group) =>
    [...group.volumes.values()].flatMap((volume) => pointIn(volume) ?? []),
  );
  const wanted = sourceId === null ? all : all.filter((point) => point.sourceId === sourceId);
  return wanted.filter((point) => !isHeldTwice(point, wanted)).sort(newestFirst);
}

/** Those that a restore can trust: complete, newest first. */
export function completePoints(inventory: Inventory, sourceId: string | null = null): RestorePoint[] {
  return restorePoints(inventory, sourceId).filter(
    ({ state, time }) => state === 'complete' && time !== null,
  );
}

/** What a volume's tags tell of it; null where it holds no restore point. */
export function pointIn(volume: Volume): RestorePoint | null {
  const { tags, hidden, group, name } = volume;
  const record = hidden || tagValue(tags, 'run') !== null ? null : readBackupRecord(tags);
  if (!record) return null;
  const size = Number(tagValue(tags, 'size') ?? '');
  return {
    path: `${group}/${name}`,
    volume,
    kind: kindOf(volume),
    ...record,
    host: tagValue(tags, 'host'),
    size: Number.isSafeInteger(size) && size > 0 ? bytes(size) : null,
    verified: verifiedOf(tagValue(tags, 'verified')),
  };
}

/** `<backup>.20261123T091500Z`: the name of a point in a pool. */
const POINT_NAME = /\.\d{8}T\d{6}Z$/;

function kindOf({ pool, name }: Volume): RestorePoint['kind'] {
  if (pool === null) return 'copy';
  return POINT_NAME.test(name) ? 'point' : 'head';
}

/** `2026-11-23T09:15:00Z:ok`, or `:damaged`. */
function verifiedOf(text: string | null): RestorePoint['verified'] {
  const [, when = '', result] = /^(.*):(ok|damaged)$/.exec(text ?? '') ?? [];
  const time = Date.parse(when);
  return result === undefined || Number.isNaN(time) ? null : { time: new Date(time), ok: result === 'ok' };
}

function isHeldTwice(head: RestorePoint, all: readonly RestorePoint[]): boolean {
  return head.kind === 'head' && all.some((point) => point.kind === 'point' && holdsSame(point, head));
}

/** Whether two of them are the same state of the same source. */
export function holdsSame(a: RestorePoint, b: RestorePoint): boolean {
  return (
    a.sourceId === b.sourceId &&
    a.time !== null &&
    a.time.getTime() === b.time?.getTime() &&
    a.digest === b.digest
  );
}

function newestFirst(a: RestorePoint, b: RestorePoint): number {
  const age =
    (b.time?.getTime() ?? Number.NEGATIVE_INFINITY) - (a.time?.getTime() ?? Number.NEGATIVE_INFINITY);
  return age !== 0 && !Number.isNaN(age) ? age : a.path < b.path ? -1 : 1;
}
