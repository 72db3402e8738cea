/** The restore points of one source: where its next copy goes, and which points go when. */

import type { Volume } from '../lvm/inventory.ts';
import { tagValue } from '../lvm/tags.ts';
import type { SourceIdentity } from './action.ts';
import { type CheckedTarget, checkTarget } from './check-target.ts';
import type { PlanInput } from './input.ts';
import { type Dated, judge, type Verdict } from './keep.ts';
import type { Member } from './members.ts';
import type { PointView, SourcePoints } from './plan.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';
import { type RestorePoint, restorePoints } from './restore-points.ts';
import { beyond, placeName, rotationOf, turnOf } from './rotation.ts';

/** What goes, and when it may. */
export interface Goes {
  readonly point: RestorePoint;
  readonly reason: string;
}

export interface PointsPlan {
  /** The volume that the copy is written to: a place of the rotation, or the head. */
  readonly path: string;
  readonly target: CheckedTarget;
  /** The pool that it lies in, by its name in the group; null without one. */
  readonly pool: string | null;
  /** Nothing else is kept beside it: while it is written there is no copy. */
  readonly onlyCopy: boolean;
  /** The newest that is complete and whose time is past; what freshness is asked of. */
  readonly newest: RestorePoint | null;
  /** Before the copy: beyond what is kept, whatever becomes of it. Oldest first, as the other two. */
  readonly before: readonly Goes[];
  /** Only when the copy was made. */
  readonly after: readonly Goes[];
  /** Where no copy is made, for none is due. */
  readonly fresh: readonly Goes[];
  /** What is open and was therefore left alone, a sentence each. */
  readonly passedOver: readonly string[];
  /** Of the points as they are, with what becomes of each where a copy is made, and where none is. */
  readonly shown: { readonly copied: SourcePoints | null; readonly fresh: SourcePoints | null };
}

type Found = Problem | PointsPlan;

/** Throws nothing: what stands against it is a problem. */
export function planPoints(input: PlanInput, member: Member, identity: SourceIdentity, unit: string): Found {
  return input.spec.group.pool === null
    ? inRotation(input, member, identity, unit)
    : inPool(input, member, identity, unit, input.spec.group.pool.name);
}

function inRotation(input: PlanInput, member: Member, identity: SourceIdentity, unit: string): Found {
  const { clock } = input;
  const { last } = member.spec.keep;
  const name = input.spec.group.name;
  const group = input.inventory.groups.get(name);
  const refused = strangerAmong(group?.volumes, name, member.backup, last, identity, unit);
  if (refused) return refused;
  const rotation = rotationOf(group, member.backup, identity.sourceId, clock);
  const turn = turnOf(rotation, last);
  if (turn.kind === 'none') return allOpen(turn.open, unit);
  const path = turn.kind === 'over' ? turn.point.path : `${name}/${freePlace(group?.volumes, member.backup)}`;
  const target = checkTarget(turn.kind === 'over' ? turn.point.volume : undefined, path, identity, unit);
  if ('code' in target) return target;
  const others = rotation.filter((point) => turn.kind === 'new' || point !== turn.point);
  const goesAfter = beyond(others, last - 1);
  const goesNow = beyond(rotation, last);
  const because = `beyond keep.last: ${last}`;
  const open = (points: readonly RestorePoint[]) => points.filter(({ volume }) => isHeld(volume));
  const closed = (points: readonly RestorePoint[]) =>
    points.flatMap((point) => (isHeld(point.volume) ? [] : [{ point, reason: because }]));
  return {
    ...{
      path,
      target,
      pool: null,
      onlyCopy: last === 1,
    },
    newest: newestPast(rotation, clock),
    before: [],
    after: closed(goesAfter),
    fresh: closed(goesNow),
    passedOver: [...turn.passedOver, ...open(goesAfter)].map(openSentence),
    shown: shownRotation(member, rotation, { last, written: path, goesAfter, goesNow }),
  };
}

/** The first place of the rotation that is taken by what is not ours to write to. */
function strangerAmong(
  volumes: ReadonlyMap<string, Volume> | undefined,
  group: string,
  backup: string,
  last: number,
  identity: SourceIdentity,
  unit: string,
): Problem | null {
  for (let place = 1; place <= last; place++) {
    const name = placeName(backup, place);
    const volume = volumes?.get(name);
    if (!volume) continue;
    // Whether it is open is asked when its turn has come.
    const checked = checkTarget({ ...volume, open: false }, `${group}/${name}`, identity, unit);
    if ('code' in checked) return checked;
  }
  return null;
}

function freePlace(volumes: ReadonlyMap<string, Volume> | undefined, backup: string): string {
  for (let place = 1; ; place++) {
    const name = placeName(backup, place);
    if (!volumes?.has(name)) return name;
  }
}

function allOpen(open: readonly RestorePoint[], unit: string): Problem {
  const names = open.map(({ path }) => path);
  const more = open.length === 1 ? 'is open or mounted' : 'are open or mounted';
  return refusal(
    'target-in-use',
    { unit },
    `${names.join(', ')} ${more}, and nothing else may be written over`,
    `unmount one of them: \`lsblk /dev/${names[0]}\` shows where; or keep more (keep.last)`,
  );
}

/**
 * LVM would remove somebody's snapshots of it with it, and without a word. And what says of a device that it is half
 * restored must not be lost.
 */
function isHeld(volume: Volume): boolean {
  return whyHeld(volume) !== null;
}

function whyHeld({ open, roles, tags }: Volume): string | null {
  if (open) return 'is open';
  if (roles.includes('thickorigin')) return 'has a snapshot';
  return tagValue(tags, 'restoring') === null
    ? null
    : 'is what a restore was begun from that is not finished';
}

function heldText(volume: Volume): string {
  return `${whyHeld(volume)}: a later run removes it`;
}

function openSentence({ path, volume }: RestorePoint): string {
  return `${path} ${whyHeld(volume)}: passed over`;
}

function newestPast(points: readonly RestorePoint[], clock: Date): RestorePoint | null {
  const whole = points.filter(
    ({ state, time }) => state === 'complete' && time !== null && time.getTime() <= clock.getTime(),
  );
  return whole.sort((a, b) => (b.time as Date).getTime() - (a.time as Date).getTime())[0] ?? null;
}

interface RotationShown {
  readonly last: number;
  readonly written: string;
  readonly goesAfter: readonly RestorePoint[];
  readonly goesNow: readonly RestorePoint[];
}

function shownRotation(
  member: Member,
  rotation: readonly RestorePoint[],
  { last, written, goesAfter, goesNow }: RotationShown,
): PointsPlan['shown'] {
  if (last === 1 && rotation.length <= 1) return { copied: null, fresh: null };
  const { source } = member;
  const view = (point: RestorePoint, goes: readonly RestorePoint[], copied: boolean): PointView => {
    const about = aboutPoint(point);
    if (copied && point.path === written) {
      return { ...about, verdict: 'replace', reasons: ['its turn to be written over'] };
    }
    if (!goes.includes(point)) return { ...about, verdict: 'keep', reasons: [`one of the last ${last}`] };
    return isHeld(point.volume)
      ? {
          ...about,
          verdict: 'keep',
          reasons: [`beyond keep.last: ${last}`, `it ${heldText(point.volume)}`],
        }
      : { ...about, verdict: 'remove', reasons: [`beyond keep.last: ${last}`] };
  };
  const reused = rotation.some(({ path }) => path === written);
  const made: PointView = {
    ...{ volume: written, time: null, state: 'incomplete', verdict: 'new', reasons: ['this run'] },
  };
  return {
    copied: {
      source,
      points: [...(reused ? [] : [made]), ...rotation.map((point) => view(point, goesAfter, true))],
    },
    fresh: { source, points: rotation.map((point) => view(point, goesNow, false)) },
  };
}

function aboutPoint({ path, time, state }: RestorePoint) {
  return { volume: path, time: time === null ? null : textOf(time), state };
}

const textOf = (time: Date) => time.toISOString().replace(/\.\d+Z$/, 'Z');

function inPool(
  input: PlanInput,
  member: Member,
  identity: SourceIdentity,
  unit: string,
  pool: string,
): Found {
  const { inventory, clock, timeZone, spec } = input;
  const group = inventory.groups.get(spec.group.name);
  const path = `${spec.group.name}/${member.backup}`;
  const head = group?.volumes.get(member.backup);
  const target = checkTarget(head, path, identity, unit);
  if ('code' in target) return target;
  if (head && head.pool !== pool) return noHead(path, pool, unit);
  const points = pointsIn(input, identity);
  const judged = (list: readonly Judged[]) => judge(list, member.spec.keep, { clock, timeZone });
  const now = judged(points.map(asJudged));
  const next: Judged = { name: `${path}.{time}`, time: clock, state: 'complete', point: null };
  const then = judged([...points.map(asJudged), next]);
  const goesNow = now.filter(({ keep }) => !keep);
  const gone = new Set(goesNow.map(({ point }) => point.name));
  const goesThen = then.filter(({ keep, point }) => !keep && !gone.has(point.name));
  return {
    ...{ path, target, pool, onlyCopy: false },
    newest: newestPast(points, clock),
    before: oldestFirst(goesNow),
    after: oldestFirst(goesThen),
    fresh: oldestFirst(goesNow),
    passedOver: [...goesNow, ...goesThen].flatMap(({ point: { point } }) =>
      point && isHeld(point.volume) ? [`${point.path} ${heldText(point.volume)}`] : [],
    ),
    shown: {
      copied: { source: member.source, points: then.map(viewOf) },
      fresh: points.length === 0 ? null : { source: member.source, points: now.map(viewOf) },
    },
  };
}

/** Every point of the source that the backup group holds, whatever its backup volume was called then. */
function pointsIn({ inventory, spec }: PlanInput, { sourceId }: SourceIdentity): RestorePoint[] {
  return restorePoints(inventory, sourceId).filter(
    ({ kind, volume }) => kind === 'point' && volume.group === spec.group.name,
  );
}

/** A point that is there, or the one that the run makes. */
interface Judged extends Dated {
  readonly point: RestorePoint | null;
}

function asJudged(point: RestorePoint): Judged {
  return { name: point.path, time: point.time, state: point.state, point };
}

function oldestFirst(verdicts: readonly Verdict<Judged>[]): Goes[] {
  return verdicts
    .flatMap(({ point: { point }, reasons }) =>
      point === null || isHeld(point.volume) ? [] : [{ point, reason: reasons.join('; ') }],
    )
    .reverse();
}

function viewOf({ point: judged, keep, reasons }: Verdict<Judged>): PointView {
  const { point } = judged;
  if (point === null) {
    return { volume: judged.name, time: null, state: 'incomplete', verdict: 'new', reasons };
  }
  const about = aboutPoint(point);
  if (keep) return { ...about, verdict: 'keep', reasons };
  return isHeld(point.volume)
    ? { ...about, verdict: 'keep', reasons: [...reasons, `it ${heldText(point.volume)}`] }
    : { ...about, verdict: 'remove', reasons };
}

function noHead(path: string, pool: string, unit: string): Problem {
  return refusal(
    'name-taken',
    { unit },
    `${path} is no thin volume of the pool ${pool}: it holds a copy that was made elsewhere`,
    'choose another name (backup:); that volume can be removed when the first points are there',
  );
}
