/** How one source stands. */
import type { Inventory } from '../lvm/inventory.ts';
import { ageText } from './freshness.ts';
import type { StatusLeftover } from './leftovers.ts';
import type { Member } from './members.ts';
import { clockText } from './plan.ts';
import type { RestorePoint } from './restore-points.ts';
import { type GroupHistory, type LastResult, lastComplete, lastResult } from './run-record.ts';
import type { SourceState, SourceStatus, StatusInput } from './status.ts';

/** Whole, and not found damaged since. */
export function isTrusted({ state, time, verified }: RestorePoint): boolean {
  return state === 'complete' && time !== null && verified?.ok !== false;
}

export function isDamaged({ state, verified }: RestorePoint): boolean {
  return state === 'damaged' || verified?.ok === false;
}

/** Volumes of their own count each; thin ones share, so that only the largest of them counts. */
export function heldBytes(points: readonly RestorePoint[]): number {
  let [own, thin] = [0, 0];
  for (const { volume } of points) {
    if (volume.pool === null) own += volume.size;
    else thin = Math.max(thin, volume.size);
  }
  return own + thin;
}

/** What is known of all sources, looked up once. */
export interface Known {
  readonly points: PointIndex;
  readonly history: GroupHistory;
  readonly leftovers: readonly StatusLeftover[];
}

/** Restore points by the identity of their source, and by its name. */
export interface PointIndex {
  readonly byId: ReadonlyMap<string, readonly RestorePoint[]>;
  readonly byName: ReadonlyMap<string, readonly RestorePoint[]>;
}

export function evaluateSource(input: StatusInput, member: Member, known: Known): SourceStatus {
  const { spec, inventory, clock } = input;
  const group = spec.group.name;
  const own = pointsOf(member, inventory, known.points);
  const present = inventory.groups.has(group);
  const newest = own.find(isTrusted)?.time ?? null;
  // While the disk is away, the history is all that is known of it.
  const remembered = present ? null : lastComplete(known.history, member.source);
  const time = newest ?? (remembered ? new Date(remembered.time) : null);
  const { refreshAfter, alertAfter } = member.spec;
  const last = lastResult(known.history, member.source);
  const facts: Facts = {
    age: time === null ? null : Math.floor((clock.getTime() - time.getTime()) / 1000),
    newest: time,
    running: input.liveRun,
    ...{ refreshAfter, alertAfter, last, own },
    dead: known.leftovers.find(({ source }) => source === member.source) ?? null,
    away: present ? null : group,
  };
  const [state, reason] = judge(facts);
  return {
    source: member.source,
    state,
    reason,
    backup: `${group}/${member.backup}`,
    newest: time === null ? null : clockText(time),
    from: newest !== null ? 'tags' : time !== null ? 'history' : null,
    ageSeconds: facts.age === null ? null : Math.max(0, facts.age),
    ...{ refreshAfter, alertAfter },
    points: own.filter(isTrusted).length,
    incomplete: own.filter((point) => point.state === 'incomplete').length,
    damaged: own.filter(isDamaged).length,
    sourceBytes: sizeOf(member, inventory),
    heldBytes: heldBytes(own),
    last,
    verified: lastVerified(own),
  };
}

/**
 * By the identity of the source, so that another machine's volume of the same name is none of it. A source that is not
 * there has no identity: then its name is all there is.
 */
function pointsOf(
  { origin, source }: Member,
  inventory: Inventory,
  { byId, byName }: PointIndex,
): readonly RestorePoint[] {
  const named = byName.get(source) ?? [];
  if (origin.kind === 'device') return named;
  const group = inventory.groups.get(origin.group);
  const volume = group?.volumes.get(origin.name);
  if (!group || !volume) return named;
  return byId.get(`${group.uuid}/${volume.uuid}`) ?? [];
}

function sizeOf({ origin }: Member, { groups, devices }: Inventory): number | null {
  if (origin.kind === 'volume') return groups.get(origin.group)?.volumes.get(origin.name)?.size ?? null;
  return devices?.byPath.get(devices.links.get(origin.path) ?? origin.path)?.size ?? null;
}

function lastVerified(own: readonly RestorePoint[]): SourceStatus['verified'] {
  let latest: RestorePoint['verified'] = null;
  for (const { verified } of own) if (verified && (!latest || verified.time > latest.time)) latest = verified;
  return latest && { time: clockText(latest.time), ok: latest.ok };
}

interface Facts {
  readonly age: number | null;
  readonly newest: Date | null;
  readonly running: boolean;
  readonly refreshAfter: number | null;
  readonly alertAfter: number | null;
  readonly last: LastResult | null;
  readonly own: readonly RestorePoint[];
  readonly dead: StatusLeftover | null;
  /** Name of the backup group where it is not there. */
  readonly away: string | null;
}

/** The worst that is true of it. */
function judge(facts: Facts): [SourceState, string] {
  const { age, newest, last, dead, alertAfter, refreshAfter } = facts;
  if (age === null || newest === null) return ['none', whyNone(facts)];
  const failure = failureSince(newest, last);
  if (alertAfter !== null && age > alertAfter) {
    const why = failure === null ? '' : `; the last run ${failure}`;
    return ['late', `${ageText(age)} old, and late after ${ageText(alertAfter)}${why}`];
  }
  if (failure !== null) return ['failed', `the last run ${failure}`];
  if (dead) return ['failed', `a run died: ${dead.target} was ${dead.reason}`];
  const damaged = facts.own.filter(isDamaged).length;
  const aside = damaged === 0 ? '' : `; ${damaged} damaged beside it`;
  if (age < 0) return ['due', `its time lies ahead of this machine's clock, so it proves nothing${aside}`];
  if (refreshAfter !== null && age >= refreshAfter) {
    return ['due', `${ageText(age)} old, due after ${ageText(refreshAfter)}${aside}`];
  }
  return [
    'ok',
    `${ageText(age)} old${facts.away === null ? '' : `, by the history: ${facts.away} is not here`}${aside}`,
  ];
}

function whyNone({ own, last, away, dead, running }: Facts): string {
  const failed = last && last.result !== 'complete' ? `; the last run ${resultText(last)}` : '';
  if (away !== null)
    return `the backup group ${away} is not here, and the history tells of no copy in it${failed}`;
  if (own.some(isDamaged)) return `its newest copy is damaged${failed}`;
  if (dead) return `a run died: ${dead.target} was ${dead.reason}`;
  if (own.length > 0 && running) return 'its only copy is incomplete while a run is at work';
  if (own.length > 0) return `its only copy is incomplete${failed}`;
  return `never backed up${failed}`;
}

/** A run counts as failed since where it ended after the copy was begun. */
function failureSince(newest: Date, last: LastResult | null): string | null {
  if (!last || last.result === 'complete' || Date.parse(last.time) < newest.getTime()) return null;
  return resultText(last);
}

function resultText({ result, reason }: LastResult): string {
  const word = result === 'refused' ? 'was refused' : result === 'failed' ? 'failed' : 'passed it over';
  return reason === null ? word : `${word}: ${reason}`;
}
