/** The commands of a restore: announced by a tag before the first byte, which goes when all is safe. */
import * as lvm from '../lvm/commands.ts';
import { tag } from '../lvm/tags.ts';
import type { CopyAction, Draft, RestoreTraits, VolumeCreate } from './action.ts';
import { devicePath } from './device-path.ts';
import { splitPath } from './model.ts';
import { type Step, toRun } from './step.ts';

/** Tagged in the lvcreate itself: from its first moment on it is known to hold nothing yet. */
export function createTarget({ target, extents, placement }: Draft<VolumeCreate>, point: string): lvm.Argv {
  const [group, name] = splitPath(target);
  const tags = [tag('restoring', point)];
  return lvm.createPlainVolume(group, { name, extents, tags, devices: placement.devices });
}

/** The point is activated so that nobody can write to it, and is as inactive afterwards as it was. */
export function restoreSteps(action: Draft<CopyAction>, traits: RestoreTraits): Step[] {
  const { source, target } = action;
  const from = devicePath(source);
  const { digest } = traits;
  const check: Step[] =
    digest !== null && traits.checkFirst
      ? [{ do: 'check', volume: source, from, size: action.bytes, digest }]
      : [];
  return [
    ...toRun(traits.activatePoint ? lvm.activateReadOnly(source, traits.isThinPoint) : []),
    ...check,
    ...toRun(beginCommands(action, traits)),
    { do: 'copy', from, to: devicePath(target), action },
    ...toRun(endCommands(action, traits)),
    ...toRun(closePoint(source, traits)),
  ];
}

function beginCommands({ target, source }: Draft<CopyAction>, traits: RestoreTraits): lvm.Argv[] {
  const begun = [tag('restoring', traits.point)];
  switch (traits.target) {
    case 'device':
      if (!traits.device || traits.device.marked.includes(source)) return [];
      return lvm.changeVolumeTags(source, [], [tag('restoring', traits.device.id)]);
    case 'new':
      return [lvm.activate(target, false)];
    case 'active':
      return lvm.changeVolumeTags(target, traits.dropTags, begun);
    case 'inactive':
      return [...lvm.changeVolumeTags(target, traits.dropTags, begun), lvm.activate(target, true)];
  }
}

function endCommands({ target, source }: Draft<CopyAction>, traits: RestoreTraits): lvm.Argv[] {
  const { device } = traits;
  if (device) {
    const marked = new Set([...device.marked, source]);
    return [...marked].flatMap((path) => lvm.changeVolumeTags(path, [tag('restoring', device.id)], []));
  }
  const asItWas = traits.target === 'inactive' ? [lvm.deactivate(target)] : [];
  return [...lvm.changeVolumeTags(target, [tag('restoring', traits.point)], []), ...asItWas];
}

/** Also what a restore does that fails. */
export function closePoint(source: string, { activatePoint, deactivatePool }: RestoreTraits): lvm.Argv[] {
  return [
    ...(activatePoint ? [lvm.deactivate(source)] : []),
    ...(activatePoint && deactivatePool !== null ? [lvm.deactivate(deactivatePool)] : []),
  ];
}

/** A target that was not active, or is no whole volume yet, is not left active when its restore fails. */
export function closeTarget(target: string, traits: RestoreTraits): lvm.Argv[] {
  return traits.target === 'inactive' || traits.target === 'new' ? [lvm.deactivate(target)] : [];
}
