/**
 * From one world, everything that can come of it: every state between two changes of every run is a place where the
 * run may die, and the machine with it; from there the next run goes on, a backup or a recovery, and may die as well.
 * States that were seen are not gone on from again, so that it ends: with every number of crashes, not with two.
 */
import { runPlan } from '../../src/apply/run-plan.ts';
import type { PvUuid } from '../../src/lvm/inventory.ts';
import { tagValue } from '../../src/lvm/tags.ts';
import { hasErrors, type Plan } from '../../src/plan/plan.ts';
import { planBackup, planRecovery } from '../../src/plan/plan-backup.ts';
import { COPIED } from '../helpers/simulated-lvm.ts';
import { anInput, CLOCK } from '../helpers/specs.ts';
import { accidents, NOW, past } from './accidents.ts';
import { copied, performed, Refused } from './commands.ts';
import { inventoryOf, isBlank, isOurs, keyOf, type State, volumesOf } from './state.ts';
import type { World } from './worlds.ts';

export interface Explored {
  readonly states: number;
  readonly runs: number;
  /** The plan of the untouched world is refused, so that nothing is ever run. */
  readonly refused: boolean;
}

/** Throws where anything is not as it has to be: with the world, and the way that led there. */
export async function explore(world: World): Promise<Explored> {
  const first = backup(world, world.state);
  if (hasErrors(first)) return { states: 1, runs: 0, refused: true };
  const isTight = hasErrors(
    backup(world, past((await run(world, world.state, 'backup')).trail.at(-1) as State)),
  );
  const seen = new Map<string, Found>();
  const open: Found[] = [];
  let runs = 0;
  const passed = new Set<string>();
  const reach = (state: State, way: Found['way']) => {
    for (const after of accidents(past(state), world.lendable)) {
      const key = keyOf(after);
      if (seen.has(key)) continue;
      const found = { state: after, way };
      seen.set(key, found);
      open.push(found);
    }
  };
  reach(world.state, null);
  for (let one = open.shift(); one; one = open.shift()) {
    for (const what of ['recover', 'backup'] as const) {
      runs++;
      for (const state of await goOn({ world, isTight }, one, what, passed))
        reach(state, { from: one, by: what });
    }
  }
  return { states: seen.size, runs, refused: false };
}

interface Room {
  readonly world: World;
  /** Also a run that nothing cuts leaves less room than the next one needs: the copies that it made take it. */
  readonly isTight: boolean;
}

interface Found {
  readonly state: State;
  readonly way: { readonly from: Found; readonly by: string } | null;
}

/**
 * The run that is not cut ends well; what it passed through is what one that is cut leaves. Gives those of its states
 * that no run passed through before.
 */
async function goOn(
  { world, isTight }: Room,
  found: Found,
  what: 'recover' | 'backup',
  passed: Set<string>,
): Promise<State[]> {
  const { trail, plan, faults } = await run(world, found.state, what);
  const fresh = trail.filter((state) => {
    const text = JSON.stringify(state);
    const isNew = !passed.has(text);
    passed.add(text);
    return isNew;
  });
  const wrong = [
    ...faults,
    ...fresh.flatMap((state) => complaints(world, state)),
    ...(what === 'recover' || !hasErrors(plan) ? leftovers(world, trail.at(-1) as State) : []),
    ...(what === 'backup' ? notBackedUp({ world, isTight }, found.state, trail.at(-1) as State, plan) : []),
    ...(what === 'recover' ? notQuiet(trail.at(-1) as State) : []),
  ];
  if (wrong.length > 0) throw new Error(story(world, found, what, plan, wrong));
  return fresh;
}

async function run(world: World, before: State, what: 'recover' | 'backup') {
  const planned = what === 'recover' ? recovery(before) : backup(world, before);
  const refused = hasErrors(planned);
  const plan = refused
    ? { ...planned, actions: planned.actions.filter(({ recovers }) => recovers) }
    : planned;
  const trail = [before];
  const faults: string[] = [];
  const state = () => trail.at(-1) as State;
  const guarded = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refused)) faults.push(String(error));
      else faults.push(`refused: ${error.message}`);
      return null;
    }
  };
  await runPlan(plan, {
    run: async (argv) => {
      const passed = guarded(() => performed(state(), argv));
      if (passed) trail.push(...passed);
      return { argv, signal: null, stdout: '', stderr: passed ? '' : '  no\n', exitCode: passed ? 0 : 5 };
    },
    copy: async ({ from, to }) => {
      const passed = guarded(() => copied(state(), from, to));
      if (!passed) throw new Error('the copy failed');
      trail.push(...passed);
      return COPIED;
    },
    readInventory: async () => inventoryOf(state()),
    check: async ({ digest }) => ({ digest, unreadable: [] }),
    runHook: async () => ({ end: { kind: 'exited', exitCode: 0 }, lastLines: [] }),
    holdStill: async () => ({ release: async () => {} }),
    now: () => CLOCK,
    onEvent: () => {},
    stop: new AbortController().signal,
  });
  return { trail, plan: planned, faults };
}

function backup(world: World, state: State): Plan {
  const pvUuid = (seed: string): PvUuid => `${NOW.uuid}-${seed.split('/dev/').at(-1)}`;
  return planBackup({ ...anInput(world.spec, inventoryOf(state)), pvUuid });
}

const recovery = (state: State): Plan => planRecovery({ inventory: inventoryOf(state), clock: CLOCK });

/** What may be true at no moment. */
function complaints(world: World, state: State): string[] {
  return [
    ...volumesOf(state).flatMap(([path, { tags, content }]) => {
      if (tagValue(tags, 'state') !== 'complete') return [];
      const when = tagValue(tags, 'time') === NOW.time ? '@now' : '@then';
      const whose = tagValue(tags, 'source')?.split('/')[1];
      return content === `${whose}${when}` ? [] : [`${path} says complete and holds ${content}`];
    }),
    ...volumesOf(world.state).flatMap(([path, lv]) => {
      if (isOurs(lv)) return [];
      const [group = '', name = ''] = path.split('/');
      const now = state.groups[group]?.lvs[name];
      return now && now.content === lv.content && now.extents === lv.extents && now.tags.length === 0
        ? []
        : [`${path}, which is not ours, is not what it was`];
    }),
  ];
}

/** What no run that ended leaves behind. */
function leftovers(world: World, state: State): string[] {
  const tags = Object.entries(state.groups).flatMap(([name, group]) =>
    group.tags.filter((tag) => tag !== 'mine').map((tag) => `${name} is tagged ${tag}`),
  );
  const volumes = volumesOf(state).flatMap(([path, lv]) => {
    const wasActive = volumesOf(world.state).some(([one, { active }]) => one === path && active);
    if (tagValue(lv.tags, 'run') !== null) return [`${path} is left`];
    if (isOurs(lv) && lv.active) return [`${path} is active`];
    return wasActive && !lv.active ? [`${path} is not active any more`] : [];
  });
  const disks = world.lendable.flatMap((path) => {
    const [before, now] = [world.state.disks[path], state.disks[path]];
    if (!before || !now?.present) return [];
    if (before.label) return isAsOrphan(state, path) ? [] : [`${path} is no orphan any more`];
    return isBlank(now) ? [] : [`${path} is not blank: ${JSON.stringify(now)}`];
  });
  return [...tags, ...volumes, ...disks];
}

/** A PV that was there before is not told that it is out when it comes back: nothing on it says that it was lent. */
function isAsOrphan(state: State, path: string): boolean {
  const label = state.disks[path]?.label;
  if (!label) return false;
  return label.group === null || state.groups[label.group]?.pvs[label.uuid] === undefined;
}

function notBackedUp({ world, isTight }: Room, before: State, after: State, plan: Plan): string[] {
  if (hasErrors(plan)) {
    const errors = plan.problems.filter(({ severity }) => severity === 'error');
    if (isTight && errors.every(({ code }) => code === 'insufficient-space')) return [];
    const excused = world.lendable.some((path) => {
      const disk = before.disks[path];
      return !disk?.present || (disk.label?.group && isAsOrphan(before, path));
    });
    return excused ? [] : errors.map(({ message }) => message);
  }
  return world.spec.volumes.flatMap(({ source, backup: name }) => {
    const copy = after.groups[world.spec.group.name]?.lvs[name ?? ''];
    const wanted = `${source.text.split('/')[1]}@now`;
    const ok = copy?.content === wanted && tagValue(copy.tags, 'state') === 'complete';
    return ok ? [] : [`${source.text} is not backed up`];
  });
}

/** Recovering twice is safe: the second time there is nothing to do. */
function notQuiet(state: State): string[] {
  return recovery(state).actions.map(({ type, target }) => `recovering again would do ${type} ${target}`);
}

function story(world: World, found: Found, what: string, plan: Plan, wrong: readonly string[]): string {
  const steps: string[] = [];
  for (let one: Found | null = found; one; one = one.way?.from ?? null)
    steps.unshift(`${one.way ? `${one.way.by}, cut at ` : ''}${keyOf(one.state)}`);
  const actions = plan.actions.map(({ type, target, reason }) => `    ${type} ${target}: ${reason}`);
  return [...wrong, `in ${world.name}`, ...steps, `then ${what}:`, ...actions].join('\n  ');
}
