/** The plan of a restore: one point, back onto its source or onto another volume. Pure, like the plan of a backup. */
import type { Inventory } from '../lvm/inventory.ts';
import { type Bytes, bytesOf, extentsFor } from '../units.ts';
import type { ActionId, RestoreTraits, SourceIdentity } from './action.ts';
import { PlanBuilder } from './builder.ts';
import { checkRestoreTarget, type RestoreTarget } from './check-restore-target.ts';
import { choosePoint, type PointRequest } from './choose-point.ts';
import { FILE_LIST_DIGEST } from './files.ts';
import { groupOf } from './model.ts';
import { placementFor } from './placement.ts';
import { clockText, type Plan } from './plan.ts';
import { document } from './plan-backup.ts';
import type { Problem } from './problem.ts';
import { groupUnusable, refusal } from './problem-texts.ts';
import { emitRecovery } from './recovery.ts';
import type { RestorePoint } from './restore-points.ts';

export interface RestoreRequest extends PointRequest {
  /** `VG/LV` or a device; null: the source itself. */
  readonly to: string | null;
}

export interface RestoreInput {
  readonly inventory: Inventory;
  readonly clock: Date;
  /** Another run is at work: what it has open is no leftover. */
  readonly liveRun: boolean;
  readonly request: RestoreRequest;
  /** The plan is saved, and nobody knows when it is run. */
  readonly saved: boolean;
}

/** Throws UnknownPoint. Everything else that is wrong is a problem in the plan. */
export function planRestore({ inventory: asked, clock, liveRun, request, saved }: RestoreInput): Plan {
  const builder = new PlanBuilder(asked);
  const inventory = liveRun ? asked : emitRecovery(builder, asked);
  builder.continueFrom(inventory);
  const choice = choosePoint(inventory, request);
  if (choice.kind === 'none-complete') builder.problem(noneComplete(request.source, choice.newest));
  else if (choice.point.digest?.startsWith(FILE_LIST_DIGEST)) builder.problem(ofFiles(choice.point, request));
  else emitRestore(builder, { clock, saved, request, point: choice.point, named: choice.named });
  const config = { path: '', sha256: '', spec: null };
  return { ...document(builder, { inventory, clock, only: [], config }, 'restore'), restore: request };
}

interface Wanted {
  readonly clock: Date;
  readonly saved: boolean;
  readonly request: RestoreRequest;
  readonly point: RestorePoint;
  readonly named: boolean;
}

function emitRestore(builder: PlanBuilder, wanted: Wanted): void {
  const { point, request } = wanted;
  const to = request.to ?? request.source;
  const group = builder.model.group(point.volume.group);
  if (group?.unusable) builder.problem(groupUnusable(group, group.unusable, request.source));
  const size = point.size ?? point.volume.size;
  const target = checkRestoreTarget(builder, to, size, request.source);
  if ('code' in target) {
    builder.problem(target);
    return;
  }
  for (const problem of target.warnings) builder.problem(problem);
  const doubt = pointDoubt(wanted);
  if (doubt) builder.problem(doubt);
  builder.watch(point.volume.group);
  if (!to.startsWith('/')) builder.watch(groupOf(to));
  const created = target.kind === 'create' ? [emitTarget(builder, wanted, to, size)] : [];
  emitCopy(builder, wanted, { to, size, target, created });
}

/** With the group's own extents: a count of another group would be another size. */
function emitTarget(builder: PlanBuilder, { request, point }: Wanted, to: string, size: Bytes): ActionId {
  const group = builder.model.group(groupOf(to));
  if (!group) throw new Error(`${to} was checked and has no group`);
  const count = extentsFor(size, group.extentSize);
  return builder.add({
    type: 'volume.create',
    unit: request.source,
    target: to,
    extents: count,
    bytes: bytesOf(count, group.extentSize),
    placement: placementFor(group, count),
    pool: null,
    identity: identityOf(point, size),
    restoring: pointName(point),
    reason: `there is no ${to} yet`,
  });
}

interface CopyPlace {
  readonly to: string;
  readonly size: Bytes;
  readonly target: RestoreTarget;
  readonly created: readonly ActionId[];
}

function emitCopy(builder: PlanBuilder, wanted: Wanted, { to, size, target, created }: CopyPlace): void {
  const { request, point } = wanted;
  builder.add({
    type: 'copy',
    unit: request.source,
    needs: created.length > 0 ? created : undefined,
    source: point.path,
    target: target.kind === 'device' ? target.path : to,
    // What a new volume holds is no content of anybody's: to read it first would only take time.
    mode: target.kind === 'create' ? 'full' : 'changed',
    ...{ verify: 'written', rate: null, onReadError: 'stop', lastDigest: null, dropTags: [], quiesce: null },
    ...{ since: null, sourcePool: null, reads: null, writes: null },
    ...{
      pool: target.kind === 'active' || target.kind === 'inactive' ? target.pool : null,
      onlyCopy: false,
      targetReadsZero: false,
      stopAutoactivation: false,
    },
    bytes: size,
    identity: identityOf(point, size),
    restore: traitsOf(builder, wanted, target),
    reason: reasonOf(wanted, target),
  });
}

/** A point that was found whole a day ago need not be read once more before the target is written over. */
const FRESH = 86_400_000;

function traitsOf(builder: PlanBuilder, wanted: Wanted, target: RestoreTarget): RestoreTraits {
  const { clock, point } = wanted;
  const { volume, verified } = point;
  // One that is known to be no more what its digest says is restored as it is, for it was named.
  const digest = point.state === 'complete' ? point.digest : null;
  const age = verified?.ok ? clock.getTime() - verified.time.getTime() : Number.POSITIVE_INFINITY;
  const isFresh = !wanted.saved && age >= 0 && age < FRESH;
  const pool = volume.pool === null ? null : `${volume.group}/${volume.pool}`;
  return {
    point: pointName(point),
    digest,
    checkFirst: digest !== null && target.kind !== 'create' && !isFresh,
    activatePoint: !volume.open,
    isThinPoint: volume.pool !== null,
    deactivatePool: pool !== null && builder.model.volume(pool)?.active === false ? pool : null,
    target: target.kind === 'create' ? 'new' : target.kind,
    dropTags: target.kind === 'active' || target.kind === 'inactive' ? target.restoring : [],
    device: target.kind === 'device' ? { id: target.id, marked: target.marked } : null,
  };
}

function reasonOf({ point }: Wanted, target: RestoreTarget): string {
  const from = point.time === null ? 'of a copy that was never completed' : `as of ${clockText(point.time)}`;
  return target.kind === 'create' ? from : `${from}; what differs from it now is written over`;
}

/** What the tag of the target says: the time that people know the point by, else its volume. */
function pointName({ time, path }: RestorePoint): string {
  return time === null ? path : clockText(time);
}

function identityOf(point: RestorePoint, size: Bytes): SourceIdentity {
  return { source: point.source, sourceId: point.sourceId, host: point.host ?? 'unknown', size };
}

function noneComplete(source: string, { path, state }: RestorePoint): Problem {
  return refusal(
    state === 'damaged' ? 'point-damaged' : 'point-incomplete',
    { unit: source },
    `${source} has no complete restore point: ${path} is ${state}`,
    `to take what it holds all the same, name it: --point ${path}`,
  );
}

/** Its file system is another than the source's: with its blocks the source would get another identity too. */
function ofFiles({ path }: RestorePoint, { source }: RestoreRequest): Problem {
  return refusal(
    'source-unsupported',
    { unit: source },
    `${path} is a backup of files (method: files), not an image that could be written over a volume`,
    `lvmbackup mount ${source} /mnt, then copy back what is needed: rsync -aHAXS --numeric-ids /mnt/ TARGET/`,
  );
}

/** Named, so it is restored; what that means is said. */
function pointDoubt({ point, request }: Wanted): Problem | null {
  const { state, path, digest } = point;
  const warn = (code: 'point-incomplete' | 'point-damaged', message: string, hint: string): Problem => ({
    ...{ code, severity: 'warning', unit: request.source, message, hint },
  });
  switch (state) {
    case 'incomplete':
      return warn(
        'point-incomplete',
        `${path} was never completed: its first MiB may be zero, and the rest may be of two times`,
        'it is restored because it was named; check what comes of it',
      );
    case 'damaged':
      return warn(
        'point-damaged',
        `${path} is damaged: parts of it are not what its source held`,
        '`lvmbackup verify` tells where; it is restored because it was named',
      );
    case 'complete':
      return digest === null
        ? warn(
            'point-damaged',
            `${path} carries no digest, so that nothing can be checked`,
            'look at what comes of it',
          )
        : null;
  }
}
