/** What can befall a machine on which a run is dead: nothing, a reboot, and a disk that is not there any more. */
import { copyOf, isMissing, isPartial, type State, type Vg } from './state.ts';

/** Of the run that is at work, and of all those before it. */
export const NOW = {
  run: '20261123T091500Z',
  time: '2026-11-23T09:15:00Z',
  uuid: 'LvmBkp-now',
  content: '@now',
};
const THEN = { run: '20261122T000000Z', time: '2026-11-22T00:00:00Z', uuid: 'LvmBkp-old', content: '@then' };

/** The run's own names become those of a dead one; what the origins hold has changed since. */
export function past(state: State): State {
  let text = JSON.stringify(state);
  for (const key of ['run', 'time', 'uuid', 'content'] as const) text = text.replaceAll(NOW[key], THEN[key]);
  const after = JSON.parse(text) as State;
  for (const { lvs } of Object.values(after.groups))
    for (const lv of Object.values(lvs))
      if (!lv.tags.includes('lvmbackup')) lv.content = lv.content.replace(THEN.content, NOW.content);
  return after;
}

/** The machine after each of them. */
export function accidents(state: State, lendable: readonly string[]): State[] {
  const lent = lendable.filter((path) => state.disks[path]?.label?.group);
  return [
    state,
    rebooted(state),
    ...lent.flatMap((path) => [rebooted(without(state, path)), tornOut(state, path)]),
    ...lendable.filter((path) => state.disks[path]?.present === false).map((path) => backAgain(state, path)),
  ];
}

function rebooted(before: State): State {
  const state = copyOf(before);
  for (const group of Object.values(state.groups)) {
    for (const lv of Object.values(group.lvs)) lv.active = false;
    if (group.autoactivation) for (const name of Object.keys(group.lvs)) awake(state, group, name);
  }
  return state;
}

/** As `vgchange -aay` does it: an origin comes up with its snapshots, or not at all. */
function awake(state: State, group: Vg, name: string): void {
  const lv = group.lvs[name];
  if (!lv || lv.skip || lv.origin !== null) return;
  const family = [lv, ...Object.values(group.lvs).filter(({ origin }) => origin === name)];
  if (family.some(({ on }) => on.some(({ pv }) => isMissing(state, pv)))) return;
  for (const one of family) one.active = true;
}

function without(before: State, path: string): State {
  const state = copyOf(before);
  (state.disks[path] as { present: boolean }).present = false;
  return state;
}

/** While all is in use: the origin goes on, its snapshot is lost at the next write. */
function tornOut(before: State, path: string): State {
  const state = without(before, path);
  for (const group of Object.values(state.groups)) {
    if (!isPartial(state, group)) continue;
    for (const lv of Object.values(group.lvs)) {
      if (lv.origin !== null && lv.active && lv.on.some(({ pv }) => isMissing(state, pv))) lv.invalid = true;
    }
  }
  return state;
}

function backAgain(before: State, path: string): State {
  const state = copyOf(before);
  (state.disks[path] as { present: boolean }).present = true;
  return state;
}
