/** The planner: from what is wanted, what is, and a clock to an ordered list of actions. Pure. */
import type { Inventory } from '../lvm/inventory.ts';
import { type Bytes, bytes } from '../units.ts';
import type { Action, ActionId } from './action.ts';
import { type BackupGroup, prepareBackupGroup } from './backup-group.ts';
import { PlanBuilder } from './builder.ts';
import { checkSource } from './check-source.ts';
import { emitRemovals } from './emit-points.ts';
import { emitUnit } from './emit-unit.ts';
import { freshReason } from './freshness.ts';
import type { PlanInput } from './input.ts';
import { layoutLines } from './layout.ts';
import { closeLoan, type Loan, loanKey, openLoan } from './loans.ts';
import { type Member, membersOf } from './members.ts';
import { groupOf } from './model.ts';
import { clockText, type Plan, type Skipped, type SourcePoints, type Summary } from './plan.ts';
import { planPoints } from './points.ts';
import { checkRoom, preparePool } from './pool.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';
import type { ReadyMember } from './ready.ts';
import { emitRecovery } from './recovery.ts';
import { type Unit, unitsOf } from './units.ts';
import { addWarnings } from './warnings.ts';

/** `--only` names what the file does not: the names, for the command to refuse. */
export class UnknownSources extends Error {
  constructor(
    readonly names: readonly string[],
    readonly known: readonly string[],
  ) {
    super(`no such source in the file: ${names.join(', ')}`);
  }
}

/** Throws UnknownSources. Everything else that is wrong is a problem in the plan. */
export function planBackup(asked: PlanInput): Plan {
  const builder = new PlanBuilder(asked.inventory);
  const inventory = asked.liveRun ? asked.inventory : emitRecovery(builder, asked.inventory);
  builder.continueFrom(inventory);
  const input = { ...asked, inventory };
  const { spec } = input;
  const { members, leftOut, unknown } = membersOf(spec.volumes, inventory, input.only);
  if (unknown.length > 0) {
    throw new UnknownSources(
      unknown,
      membersOf(spec.volumes, inventory, []).members.map(({ source }) => source),
    );
  }
  const skipped: Skipped[] = [];
  const { due, fresh } = dueUnits(builder, input, members, skipped);
  if (due.length > 0) {
    const group = preparePool(builder, input, prepareBackupGroup(builder, input));
    if (group.kind === 'skipped') skipped.push(...allSkipped(due, group.reason));
    else emitUnits(builder, input, due, group);
  }
  for (const { unit, ready } of fresh) {
    for (const one of ready) emitRemovals(builder, { unit: unit.name }, one, one.points.fresh, []);
  }
  checkRoom(builder, input);
  addWarnings(builder);
  const config = { ...input.config, spec };
  const points = [...shownPoints(due, 'copied'), ...shownPoints(fresh, 'fresh')];
  return document(builder, { ...input, config }, 'backup', { skipped, leftOut, points });
}

/** What dead runs left, and nothing else: from the tags alone, without a file. */
export function planRecovery({ inventory, clock }: Pick<PlanInput, 'inventory' | 'clock'>): Plan {
  const builder = new PlanBuilder(inventory);
  emitRecovery(builder, inventory);
  const config = { path: '', sha256: '', spec: null };
  return document(builder, { inventory, clock, only: [], config }, 'recover');
}

function shownPoints(units: readonly DueUnit[], how: 'copied' | 'fresh'): SourcePoints[] {
  return units.flatMap(({ ready }) => ready.flatMap(({ points }) => points.shown[how] ?? []));
}

/** A unit whose sources can all be backed up, or of which the problems say why not. */
interface DueUnit {
  readonly unit: Unit;
  readonly ready: readonly ReadyMember[];
}

function dueUnits(
  builder: PlanBuilder,
  input: PlanInput,
  members: readonly Member[],
  skipped: Skipped[],
): { readonly due: readonly DueUnit[]; readonly fresh: readonly DueUnit[] } {
  const due: DueUnit[] = [];
  const asleep: DueUnit[] = [];
  const names = new Map<string, string>();
  for (const unit of unitsOf(members, input.inventory)) {
    const ready: ReadyMember[] = [];
    for (const member of unit.members) {
      const checked = readyMember(builder, input, member, unit.name, names);
      if ('code' in checked) builder.problem(checked);
      else ready.push(checked);
    }
    if (ready.length < unit.members.length) continue;
    const fresh = ready.map((one) => freshness(one, input.clock));
    // A set is one moment: it is fresh only where all of it is.
    if (fresh.every((reason) => reason !== null)) {
      ready.forEach((one, index) => {
        skipped.push({ source: one.member.source, reason: fresh[index] ?? '' });
      });
      asleep.push({ unit, ready });
    } else {
      due.push({ unit, ready });
    }
  }
  return { due, fresh: asleep };
}

function freshness({ member, points }: ReadyMember, clock: Date): string | null {
  return points.newest && freshReason(points.newest, member.spec.refreshAfter, clock);
}

function readyMember(
  builder: PlanBuilder,
  input: PlanInput,
  member: Member,
  unit: string,
  names: Map<string, string>,
): ReadyMember | Problem {
  const source = checkSource(builder, input, member, unit);
  if ('code' in source) return source;
  const path = `${input.spec.group.name}/${member.backup}`;
  const other = names.get(path);
  if (other !== undefined) {
    return refusal(
      'name-taken',
      { unit },
      `${member.source} and ${other} would both be backed up to ${path}`,
      'give one of them a name of its own (backup:)',
    );
  }
  names.set(path, member.source);
  const points = planPoints(input, member, source.identity, unit);
  if ('code' in points) return points;
  return { member, source, target: points.target, path: points.path, points };
}

function allSkipped(due: readonly DueUnit[], reason: string): Skipped[] {
  return due.flatMap(({ ready }) => ready.map(({ member }) => ({ source: member.source, reason })));
}

/** Units in their order, each loan open from the first unit that needs it to the last. */
function emitUnits(
  builder: PlanBuilder,
  input: PlanInput,
  due: readonly DueUnit[],
  group: BackupGroup,
): void {
  const groupNeeds: readonly ActionId[] = group.kind === 'ready' ? group.needs : [];
  if (group.kind === 'refused') return;
  const lastUse = new Map<string, number>();
  due.forEach(({ unit }, index) => {
    for (const loan of unit.loans) lastUse.set(loanKey(loan.group, loan.named), index);
  });
  const open = new Map<string, Loan>();
  const lent: Lent = new Map();
  const context = {
    inventory: input.inventory,
    backupGroup: input.spec.group.name,
    groupNeeds,
    lent: (name: string, named: string) => usable(lent.get(loanKey(name, named))),
  };
  due.forEach(({ unit, ready }, index) => {
    if (openLoans(builder, input, unit, open, lent)) {
      const setHooks = unit.set === null ? null : (input.spec.sets[unit.set]?.hooks ?? null);
      emitUnit(builder, { unit: unit.name, setHooks, ...context }, ready);
    }
    for (const [key, loan] of open) {
      if ((lastUse.get(key) ?? index) > index) continue;
      closeLoan(builder, input, loan);
      open.delete(key);
      lent.delete(key);
    }
  });
}

/** By group and device: what the units may use. `refused` is remembered, so that it is said once. */
type Lent = Map<string, { opened: ActionId | null; device: string } | 'refused'>;

function usable(lent: { opened: ActionId | null; device: string } | 'refused' | undefined) {
  return lent === undefined || lent === 'refused' ? null : lent;
}

/** False where a device that the unit needs cannot be lent: a problem says why. */
function openLoans(
  builder: PlanBuilder,
  input: PlanInput,
  unit: Unit,
  open: Map<string, Loan>,
  lent: Lent,
): boolean {
  for (const { group, named } of unit.loans) {
    const key = loanKey(group, named);
    if (lent.has(key)) continue;
    builder.watch(group);
    const result = openLoan(builder, input, group, named);
    switch (result.kind) {
      case 'lent':
        open.set(key, result.loan);
        lent.set(key, { opened: result.loan.opened, device: result.loan.pv.device });
        break;
      case 'already-there':
        lent.set(key, { opened: null, device: result.device });
        break;
      case 'refused':
        lent.set(key, 'refused');
        builder.problem(result.problem);
    }
  }
  return unit.loans.every(({ group, named }) => lent.get(loanKey(group, named)) !== 'refused');
}

export function document(
  builder: PlanBuilder,
  input: Pick<PlanInput, 'inventory' | 'clock' | 'only'> & Pick<Plan, 'config'>,
  operation: Plan['operation'],
  lists: Partial<Pick<Plan, 'skipped' | 'leftOut' | 'points'>> = {},
): Plan {
  const { skipped = [], leftOut = [], points = [] } = lists;
  const space = builder.space();
  const names = [...new Set([...space.map(({ group }) => group), ...sourceGroups(builder)])];
  const touched = names.filter((name) => builder.before.groups.has(name));
  return {
    operation,
    createdAt: clockText(input.clock),
    lvmVersion: input.inventory.lvmVersion,
    config: input.config,
    only: input.only,
    groups: touched.flatMap((name) => groupStamp(builder.before, name)),
    actions: builder.actions,
    space,
    problems: sorted(builder.problems),
    skipped,
    points,
    leftOut,
    summary: summaryOf(builder.actions),
    layout: () => ({
      before: layoutLines(builder.before, names),
      after: layoutLines(builder.model.inventory(), names),
    }),
  };
}

function sourceGroups(builder: PlanBuilder): Set<string> {
  const names = new Set<string>();
  for (const action of builder.actions)
    if (action.type === 'snapshot.create') names.add(groupOf(action.origin));
  return names;
}

function groupStamp(inventory: Inventory, name: string) {
  const group = inventory.groups.get(name);
  return group ? [{ name, uuid: group.uuid, seqno: group.seqno }] : [];
}

function sorted(problems: readonly Problem[]): Problem[] {
  const rank = (problem: Problem) => (problem.severity === 'error' ? 0 : 1);
  return [...problems].sort((a, b) => rank(a) - rank(b));
}

function summaryOf(actions: readonly Action[]): Summary {
  const summary = { create: 0, change: 0, remove: 0, copyBytes: 0 };
  for (const action of actions) {
    switch (action.type) {
      case 'group.create':
      case 'pool.create':
      case 'point.create':
      case 'volume.create':
      case 'snapshot.create':
        summary.create++;
        break;
      case 'group.extend':
      case 'group.reduce':
      case 'group.repair':
      case 'volume.extend':
        summary.change++;
        break;
      case 'snapshot.keep':
        summary.change++;
        if (action.replaces) summary.remove++;
        break;
      case 'snapshot.remove':
      case 'point.remove':
      case 'volume.remove':
        summary.remove++;
        break;
      case 'copy':
        summary.copyBytes += action.bytes;
    }
  }
  return { ...summary, copyBytes: bytes(summary.copyBytes) as Bytes };
}
