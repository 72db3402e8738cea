/** What should be known before the plan is applied, though it can be. */
import type { Inventory } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { extents } from '../units.ts';
import { countText } from '../units-text.ts';
import type { Action, CopyAction, SnapshotCreate } from './action.ts';
import type { PlanBuilder } from './builder.ts';
import { disksUnder, kernelPath } from './devices.ts';
import { groupOf, splitPath } from './model.ts';
import type { Problem, WarningCode } from './problem.ts';
import { canOverflow } from './size.ts';

/** Added when all actions stand, for some look at two of them. */
export function addWarnings(builder: PlanBuilder): void {
  const groups = new GroupFacts(builder);
  for (const action of builder.actions) {
    if (action.type === 'snapshot.create') mayOverflow(builder, action);
    if (action.type === 'copy') {
      sameDisk(builder, action, groups);
      unencryptedTarget(builder, action, groups);
      duplicateId(builder, action);
    }
  }
  singleCopy(builder);
}

function warn(builder: PlanBuilder, action: Action, code: WarningCode, message: string, hint: string): void {
  const problem: Problem = { code, severity: 'warning', message, hint, action: action.id };
  builder.problem(action.unit === undefined ? problem : { ...problem, unit: action.unit });
}

function mayOverflow(builder: PlanBuilder, action: SnapshotCreate): void {
  // A thin snapshot has no store of its own: the fill of its pool is checked elsewhere.
  if (action.pool !== null) return;
  const [groupName, name] = splitPath(action.origin);
  const group = builder.model.group(groupName);
  const origin = group?.volumes.get(name);
  const most = extents(action.extents + (action.growth?.extents ?? 0));
  if (!group || !origin || !canOverflow(most, origin, group.extentSize)) return;
  const sizes = action.growth
    ? `${countText(action.extents)} extents, and can grow to ${countText(most)},`
    : `${countText(action.extents)} extents`;
  warn(
    builder,
    action,
    'may-overflow',
    `${action.target} has ${sizes} for an origin of ${countText(origin.extents)}: it becomes invalid, and the copy fails, when more than that is overwritten meanwhile`,
    'snapshot.size: 100%ORIGIN can never overflow',
  );
}

/** One warning for all of them: in a long list nobody reads the same words twice. */
function singleCopy(builder: PlanBuilder): void {
  const copies = builder.actions.filter(
    (action): action is CopyAction => action.type === 'copy' && action.onlyCopy,
  );
  const [first] = copies;
  if (!first) return;
  const sources = copies.slice(0, 3).map(({ identity }) => identity.source);
  const more = copies.length > 3 ? ` and ${countText(copies.length - 3)} more` : '';
  warn(
    builder,
    first,
    'single-copy',
    `one copy is kept of ${sources.join(', ')}${more}: each refresh writes over it in place, and while that lasts there is none`,
    'keep more than one (keep.last: 2, or group.pool), or another backup elsewhere',
  );
}

function sameDisk(builder: PlanBuilder, action: CopyAction, groups: GroupFacts): void {
  const from = disksOfSource(builder, action, groups);
  const to = groups.disks(groupOf(action.target));
  const shared = [...to].filter((disk) => from.some((disks) => disks.has(disk)));
  if (shared.length === 0) return;
  warn(
    builder,
    action,
    'same-disk',
    `${action.identity.source} and its backup lie on the same disk (${shared.join(', ')}): when it dies, both are gone`,
    'put the backup group on a disk of its own',
  );
}

/** For each device that the source lies on, the disks under it. */
function disksOfSource(
  builder: PlanBuilder,
  action: CopyAction,
  groups: GroupFacts,
): readonly ReadonlySet<string>[] {
  if (action.identity.source.startsWith('/')) return [groups.disksUnder(action.source)];
  const [groupName, name] = splitPath(action.identity.source);
  const group = builder.before.groups.get(groupName);
  const allocation = group?.volumes.get(name)?.allocation ?? [];
  // Hidden parts (raid, cache) hold the extents of some volumes: then all disks of the group count.
  const uuids = allocation.length > 0 ? allocation.map(({ pv }) => pv) : [...(group?.pvs.keys() ?? [])];
  return uuids.map((uuid) => groups.disksUnder(group?.pvs.get(uuid)?.device ?? null));
}

/** What is asked of the same few groups and devices for every copy, looked up once. */
class GroupFacts {
  readonly #disks = new Map<string, ReadonlySet<string>>();
  readonly #under = new Map<string, ReadonlySet<string>>();
  readonly #encrypted = new Map<string, boolean>();

  constructor(readonly builder: PlanBuilder) {}

  /** The disks under a group's own devices. */
  disks(group: string): ReadonlySet<string> {
    return remembered(
      this.#disks,
      group,
      () => new Set(pvPaths(this.builder, group).flatMap((path) => [...this.disksUnder(path)])),
    );
  }

  /** The disks under one device; none under one that is missing. */
  disksUnder(path: string | null): ReadonlySet<string> {
    if (path === null) return new Set();
    return remembered(this.#under, path, () => disksUnder(this.builder.before, path));
  }

  /** Whether all of a group's own devices lie on encrypted ones. */
  encrypted(group: string): boolean {
    return remembered(this.#encrypted, group, () => {
      const paths = pvPaths(this.builder, group);
      return paths.length > 0 && paths.every((path) => liesOnCrypt(this.builder.before, path));
    });
  }
}

function remembered<V>(known: Map<string, V>, key: string, find: () => V): V {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}

/** Encryption below the source (a group on LUKS) does not go along with the copy. */
function unencryptedTarget(builder: PlanBuilder, action: CopyAction, groups: GroupFacts): void {
  const { source } = action.identity;
  const encrypted = source.startsWith('/')
    ? liesOnCrypt(builder.before, action.source)
    : groups.encrypted(groupOf(source));
  if (!encrypted || groups.encrypted(groupOf(action.target))) return;
  warn(
    builder,
    action,
    'unencrypted-target',
    `${source} lies on an encrypted device, its backup does not: the copy can be read by whoever holds the disk`,
    'make the backup group on a LUKS device',
  );
}

function pvPaths(builder: PlanBuilder, group: string): string[] {
  const pvs = [...(builder.model.group(group)?.pvs.values() ?? [])];
  return pvs.flatMap((pv) => (pv.device === null || pv.lent ? [] : [pv.device]));
}

function liesOnCrypt(inventory: Inventory, path: string): boolean {
  const visit = (one: string, depth: number): boolean => {
    const device = inventory.devices?.byPath.get(one);
    if (!device || depth > 16) return false;
    return device.type === 'crypt' || device.parents.some((parent) => visit(parent, depth + 1));
  };
  return visit(kernelPath(inventory, path), 0);
}

const IDENTIFIED: ReadonlyMap<string, string> = new Map([
  ['btrfs', 'a btrfs file system'],
  ['LVM2_member', 'a physical volume of LVM'],
  ['linux_raid_member', 'a member of an md array'],
]);

/** A copy of these, seen by the kernel beside its original, can be taken for it. */
function duplicateId(builder: PlanBuilder, action: CopyAction): void {
  const { devices } = builder.before;
  if (!devices) return;
  const [group, name] = splitPath(action.identity.source);
  const path = action.identity.source.startsWith('/') ? action.source : mapperPath(group, name);
  const type = devices.probes.get(path)?.signature ?? devices.byPath.get(path)?.fsType ?? '';
  const what = IDENTIFIED.get(type);
  if (what === undefined) return;
  warn(
    builder,
    action,
    'duplicate-id',
    `${action.identity.source} holds ${what}: a copy carries the same identity as its source`,
    `never activate ${action.target} beside its source by hand`,
  );
}
