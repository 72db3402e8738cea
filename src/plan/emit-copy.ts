/** The copy of a source: by what means, of what it reads, and why now. */
import type { BackupRecord } from '../lvm/tags.ts';
import type { ActionId, CopyAction, Draft } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import type { CheckedTarget } from './check-target.ts';
import { trackingOf } from './emit-base.ts';
import { FILE_LIST_DIGEST } from './files.ts';
import { type ModelGroup, splitPath } from './model.ts';
import { needing, type ReadyMember, type UnitContext } from './ready.ts';
import { isAllOurs } from './thin-model.ts';

export function emitCopy(
  builder: PlanBuilder,
  context: UnitContext,
  ready: ReadyMember,
  needs: readonly ActionId[],
): ActionId {
  const { member, source, target, path, points } = ready;
  const { verify, limit, onReadError } = member.spec;
  const lastDigest = target.kind === 'present' ? completeDigest(target.record) : null;
  const ofFiles = lastDigest?.startsWith(FILE_LIST_DIGEST) ?? false;
  const fileSystem = source.kind === 'volume' ? source.fileSystem : null;
  const mode = fileSystem !== null ? 'files' : copyMode(ready, ofFiles ? null : lastDigest);
  const { words, ...tracking } = trackingOf(
    builder,
    context.inventory,
    ready,
    lastDigest === null || ofFiles || fileSystem !== null ? 'full' : 'changed',
  );
  const copy: Draft<CopyAction> = {
    type: 'copy',
    unit: context.unit,
    needs: needing(needs),
    source: source.kind === 'volume' ? `${source.volume.group}/${source.snapshot}` : source.device.path,
    target: path,
    mode,
    ...poolTraits(builder, ready),
    onlyCopy: points.onlyCopy,
    ...(target.kind === 'present' && target.volume.active && points.pool !== null
      ? { deactivateFirst: true }
      : {}),
    ...{ verify, rate: limit.rate, onReadError },
    // The digest of a file list says nothing of an image.
    lastDigest: ofFiles && fileSystem === null ? null : lastDigest,
    ...(fileSystem === null ? {} : { files: { fileSystem, keeps: ofFiles } }),
    ...{ ...tracking, sourcePool: source.kind === 'volume' ? source.pool : null },
    bytes: source.identity.size,
    identity: source.identity,
    dropTags: target.kind === 'present' ? target.tags : NONE,
    quiesce: source.kind === 'device' ? source.quiesce : null,
    reason: [
      fileSystem === null ? copyReason(target) : filesReason(target, ofFiles),
      words,
      ...points.passedOver,
    ]
      .filter((text) => text !== '')
      .join('; '),
  };
  return builder.add(copy);
}

/**
 * What is not proven complete is copied in full. In a pool it is compared all the same, and only what differs is
 * written: whatever is written there takes chunks, for its points keep those that they share with it.
 */
function copyMode({ target, points }: ReadyMember, lastDigest: string | null): CopyAction['mode'] {
  if (lastDigest !== null) return 'changed';
  return points.pool !== null && target.kind === 'present' ? 'changed' : 'full';
}

function poolTraits(builder: PlanBuilder, { target, path, points }: ReadyMember) {
  const [groupName] = splitPath(path);
  const group = builder.model.group(groupName);
  const pool = points.pool === null ? null : `${groupName}/${points.pool}`;
  return {
    pool,
    ...(pool !== null && group && isIdle(group, splitPath(pool)[1]) ? { deactivatePool: pool } : {}),
    targetReadsZero: pool !== null && target.kind === 'create' && readsZero(group, splitPath(pool)[1]),
    stopAutoactivation: group?.autoactivation === true && isAllOurs(group.volumes.values()),
  };
}

/** What the copy leaves out where it is zero comes in pieces of so many bytes: `CHUNK` of copy/chunk.ts. */
export const ZERO_PIECE = 256 * 1024;

/** Where a chunk of the pool is never written in part: what a pool does with the rest of one, it does not tell. */
function readsZero(group: ModelGroup | undefined, pool: string): boolean {
  const chunk = group?.volumes.get(pool)?.chunkSize ?? null;
  return chunk !== null && ZERO_PIECE % chunk === 0;
}

/** Active by itself, and nothing that lies in it is. */
function isIdle(group: ModelGroup, pool: string): boolean {
  if (group.volumes.get(pool)?.active !== true) return false;
  return ![...group.volumes.values()].some((volume) => volume.pool === pool && volume.active);
}

const NONE: readonly string[] = [];

/** Null where nothing proves what the target holds. */
function completeDigest({ state, digest }: BackupRecord): string | null {
  return state === 'complete' ? digest : null;
}

function filesReason(target: CheckedTarget, ofFiles: boolean): string {
  if (target.kind === 'create') return 'first copy of its files';
  if (ofFiles)
    return 'the copy is due for a refresh; files that changed are written, files that are gone are deleted';
  return target.record.state === 'incomplete'
    ? 'the last copy was not completed; it is gone on with where its file system is whole, else made anew'
    : 'it held an image: a file system is made anew on it';
}

function copyReason(target: CheckedTarget): string {
  if (target.kind === 'create') return 'first full copy';
  switch (target.record.state) {
    case 'complete':
      return target.record.digest === null
        ? 'the copy is due for a refresh; its tags carry no digest'
        : 'the copy is due for a refresh; only what changed is written';
    case 'incomplete':
      return 'the last copy was not completed';
    case 'damaged':
      return 'the last copy is damaged';
  }
}
