/** The steps of a copy into a backup volume, and the words for it by hand. */
import * as lvm from '../lvm/commands.ts';
import type { CopyAction, Draft } from './action.ts';
import { devicePath } from './device-path.ts';
import { splitPath } from './model.ts';
import { COPIED, identityTags, stateTags } from './ownership.ts';
import { type Step, toRun } from './step.ts';

const INCOMPLETE = stateTags({ state: 'incomplete' });

/** Incomplete is said before the first byte, complete after the last one is safe. */
export function copySteps(action: Draft<CopyAction>): Step[] {
  const { target, dropTags, identity, pool } = action;
  const used = pool === null ? {} : { used: '{used}' };
  const complete = stateTags({ ...COPIED, ...used });
  const begin = [...identityTags(identity), ...INCOMPLETE];
  const [group] = splitPath(target);
  return [
    ...toRun(action.stopAutoactivation ? [lvm.stopAutoactivation(group)] : []),
    ...(dropTags.length > 0 ? toRun(lvm.changeVolumeTags(target, dropTags, begin)) : []),
    ...toRun(action.deactivateFirst ? [lvm.deactivate(target)] : []),
    ...toRun([lvm.activate(target, true)]),
    { do: 'copy', from: devicePath(action.source), to: devicePath(target), action },
    ...toRun([...lvm.changeVolumeTags(target, INCOMPLETE, complete), lvm.deactivate(target)]),
    ...toRun(action.deactivatePool === undefined ? [] : [lvm.deactivate(action.deactivatePool)]),
  ];
}

/** The target says again what it said before a copy that ended without touching it. */
export function takeBackCommands({ target, dropTags, identity }: Draft<CopyAction>): lvm.Argv[] {
  return lvm.changeVolumeTags(target, [...identityTags(identity), ...INCOMPLETE], dropTags);
}

/** Of `lvmbackup copy`: what is not its own default. */
export function copyOptions({ verify, rate, onReadError }: Draft<CopyAction>): string[] {
  return [
    ...(verify === 'written' ? [] : ['--verify', verify]),
    ...(rate === null ? [] : ['--rate', `${Math.ceil(rate / 1024)}KiB/s`]),
    ...(onReadError === 'stop' ? [] : ['--on-read-error', onReadError]),
  ];
}
