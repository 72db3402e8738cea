/** What a copy, or a restore, does to the model: the tags and the activation of its target. */
import { isOfCopy, tag } from '../lvm/tags.ts';
import type { CopyAction, Draft, RestoreTraits } from './action.ts';
import type { Fault } from './fault.ts';
import { type Model, splitPath } from './model.ts';
import { put, setPool } from './model-volumes.ts';
import { COPIED, identityTags, stateTags } from './ownership.ts';

export function copy(model: Model, action: Draft<CopyAction>): Fault | null {
  if (action.restore) return restore(model, action, action.restore);
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const target = group?.volumes.get(name);
  if (!group || !target) return { code: 'missing', what: action.target };
  const kept = target.tags.filter((one) => !isOfCopy(one));
  const done = stateTags({ ...COPIED, ...(action.pool === null ? {} : { used: '{used}' }) });
  put(group, { ...target, tags: [...kept, ...identityTags(action.identity), ...done], active: false });
  if (action.stopAutoactivation) group.autoactivation = false;
  setPool(group, action.deactivatePool ?? null, false);
  return null;
}

function restore(model: Model, action: Draft<CopyAction>, traits: RestoreTraits): Fault | null {
  if (traits.device) return unmark(model, action.source, traits.device);
  const [groupName, name] = splitPath(action.target);
  const group = model.group(groupName);
  const target = group?.volumes.get(name);
  if (!group || !target) return { code: 'missing', what: action.target };
  const tags = target.tags.filter((one) => !one.startsWith(tag('restoring', '')));
  put(group, { ...target, tags, active: traits.target === 'new' || target.active });
  return null;
}

/** A device keeps its place and its name: what said that it is restored is gone. */
function unmark(model: Model, source: string, { id, marked }: NonNullable<RestoreTraits['device']>): null {
  for (const path of [source, ...marked]) {
    const [groupName, name] = splitPath(path);
    const group = model.group(groupName);
    const volume = group?.volumes.get(name);
    if (group && volume)
      put(group, { ...volume, tags: volume.tags.filter((one) => one !== tag('restoring', id)) });
  }
  return null;
}
