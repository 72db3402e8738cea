/** Whether a plan still is what planning now would give. */
import { bytesText, countText } from '../units-text.ts';
import type { Action } from './action.ts';
import type { ComparedAction, SavedPlan } from './document.ts';
import type { Plan } from './plan.ts';
import { commandsOf } from './steps.ts';

/**
 * What moved between a saved plan and the same plan made now, a sentence each; empty where nothing did. A group's
 * sequence number alone is no reason: other work in a group may leave every action as it was.
 */
export function staleReasons(saved: Pick<SavedPlan, 'actions' | 'groups'>, now: Plan): string[] {
  const actions = actionReasons(saved.actions, now.actions.map(compared));
  if (actions.length === 0) return [];
  return [...actions, ...groupReasons(saved, now)];
}

export function compared(action: Action): ComparedAction {
  return {
    type: action.type,
    target: action.target,
    ...('device' in action ? { device: action.device } : {}),
    ...('extents' in action ? { extents: action.extents } : {}),
    ...('bytes' in action ? { bytes: action.bytes } : {}),
    commands: commandsOf(action),
  };
}

function actionReasons(saved: readonly ComparedAction[], now: readonly ComparedAction[]): string[] {
  if (saved.length !== now.length) {
    return [
      `the plan had ${saved.length} actions, now there are ${now.length}`,
      ...firstDifference(saved, now),
    ];
  }
  return firstDifference(saved, now);
}

/** Later differences mostly follow from the first one. */
function firstDifference(saved: readonly ComparedAction[], now: readonly ComparedAction[]): string[] {
  const longest = Math.max(saved.length, now.length);
  for (let index = 0; index < longest; index++) {
    const before = saved[index];
    const after = now[index];
    if (before && after && sameAction(before, after)) continue;
    return [`action ${index + 1} was ${describe(before)}, now it is ${describe(after)}`];
  }
  return [];
}

function sameAction(a: ComparedAction, b: ComparedAction): boolean {
  return (
    a.type === b.type &&
    a.target === b.target &&
    a.device === b.device &&
    a.extents === b.extents &&
    a.bytes === b.bytes &&
    JSON.stringify(a.commands) === JSON.stringify(b.commands)
  );
}

function describe(action: ComparedAction | undefined): string {
  if (!action) return 'not there';
  const size = action.extents === undefined ? '' : `, ${countText(action.extents)} extents`;
  const bytes = action.bytes === undefined ? '' : ` (${bytesText(action.bytes)})`;
  const device = action.device === undefined ? '' : ` with ${action.device}`;
  return `${action.type} ${action.target}${device}${size}${bytes}`;
}

function groupReasons(saved: Pick<SavedPlan, 'groups'>, now: Plan): string[] {
  return saved.groups.flatMap((before) => {
    const after = now.groups.find(({ name }) => name === before.name);
    if (!after) return [`the group ${before.name} is gone`];
    if (after.uuid !== before.uuid) return [`the group ${before.name} is another one now (its UUID differs)`];
    if (after.seqno === before.seqno) return [];
    return [`LVM changed ${before.name} since: sequence number ${before.seqno}, now ${after.seqno}`];
  });
}
