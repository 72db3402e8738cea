/** The tags that the tool gives, from the semantic fields of its actions. */
import { type CopyState, OWNED, tag } from '../lvm/tags.ts';
import type { PlannedPv, SourceIdentity } from './action.ts';

/** Whose copy a backup volume holds. */
export function identityTags(identity: SourceIdentity): string[] {
  return [
    tag('source', identity.source),
    tag('sourceid', identity.sourceId),
    tag('host', identity.host),
    tag('size', String(identity.size)),
  ];
}

/** How whole that copy is. Time and digest belong to a copy that was finished. */
export function stateTags(state: {
  state: CopyState;
  time?: string;
  digest?: string;
  used?: string;
}): string[] {
  return [
    tag('state', state.state),
    ...(state.time === undefined ? [] : [tag('time', state.time)]),
    ...(state.digest === undefined ? [] : [tag('digest', state.digest)]),
    ...(state.used === undefined ? [] : [tag('used', state.used)]),
  ];
}

/** Of the copy that this run completes: only the run knows when, and of what. */
export const COPIED = { state: 'complete', time: '{time}', digest: '{digest}' } as const;

/** A snapshot carries these from its first moment: a volume with them is a leftover as soon as its run is dead. */
export function runTags(): string[] {
  return [OWNED, tag('run', '{run}')];
}

/** Whose content a base has, and of when: the copy that was complete when it was kept. */
export function baseTags(backup: string): string[] {
  return [tag('base', backup), tag('basetime', '{time}')];
}

/** Whose device a group holds: by UUID, for paths change over a reboot. `made`: the run made the PV and takes it away. */
export function loanTags(pv: Pick<PlannedPv, 'uuid' | 'make'>): string[] {
  return [tag('lent', pv.uuid), ...(pv.make ? [tag('made', pv.uuid)] : [])];
}
