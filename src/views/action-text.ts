/** What an action does, as one phrase: the same words in the plan and while it runs. */
import type { Action, GroupRepair, HookAction, Quiesce } from '../plan/action.ts';

export function whatText(action: Action): string {
  switch (action.type) {
    case 'group.create':
      return `create group ${action.target} on ${action.pvs.map(({ named }) => named).join(', ')}`;
    case 'group.extend':
      return action.purpose === 'lend'
        ? `lend ${action.pv.named} to ${action.target}`
        : `add ${action.pv.named} to ${action.target}`;
    case 'group.repair':
      return repairText(action);
    case 'volume.remove':
      return `remove ${action.target}`;
    case 'pool.create':
      return `create pool ${action.target}`;
    case 'point.create':
      return `keep ${action.head} as ${action.target}`;
    case 'point.remove':
      return `remove point ${action.target}`;
    case 'group.reduce':
      return `take ${action.pv.named} back from ${action.target}`;
    case 'volume.create':
      return `create ${action.target}`;
    case 'volume.extend':
      return `extend ${action.target}`;
    case 'snapshot.create':
      return `snapshot ${action.origin} as ${action.target}`;
    case 'snapshot.remove':
      return `remove snapshot ${action.target}`;
    case 'snapshot.keep':
      return `keep ${action.target} as the base ${action.base}`;
    case 'copy':
      if (action.restore) return `restore ${action.target} from ${action.source}`;
      return `copy ${action.source} to ${action.target}`;
    case 'hook':
      return `run hooks ${momentText(action)}`;
  }
}

function repairText({
  target,
  lost,
  activate,
  deactivate = [],
  release = [],
  ...action
}: GroupRepair): string {
  if (lost.length > 0) return `let ${target} go on without the device that is gone`;
  if (action.resume) return `let ${action.resume.join(', ')} go on`;
  const pools = release.map(({ pool }) => pool).join(', ');
  if (release.length > 0) return `release the metadata snapshot of ${pools}`;
  return activate.length > 0 ? `activate ${activate.join(', ')}` : `deactivate ${deactivate.join(', ')}`;
}

function momentText({ moment, target }: HookAction): string {
  const view = target.startsWith('/') ? 'copy' : 'snapshot';
  switch (moment) {
    case 'before':
    case 'after':
      return `${moment} the ${view} of ${target}`;
    case 'onSuccess':
      return `if the backup of ${target} succeeds`;
    case 'onFailure':
      return `if the backup of ${target} fails`;
  }
}

/** How a mounted file system is kept still, and for how long at most. */
export function stillText({ mountPoint, how, limit }: Quiesce): string {
  const what = how === 'freeze' ? 'frozen' : 'mounted read-only';
  return `${mountPoint} is ${what} meanwhile, ${limit} s at most`;
}
