/**
 * The whole truth about what an action does to groups, volumes and free extents. The planner builds by performing
 * each action here first; the tests of apply use it as their LVM; the lab compares its prediction with LVM's report.
 *
 * What the model does not say: which extents of a physical volume are taken (only how many), and, for an allocation
 * that spans several, how many on each; UUIDs and times that LVM gives; the metadata's sequence number.
 */

import type { Inventory } from '../lvm/inventory.ts';
import type { Action, Draft } from './action.ts';
import type { Fault } from './fault.ts';
import { Model } from './model.ts';
import { copy } from './simulate-copy.ts';
import { groupCreate, groupExtend, groupReduce, groupRepair } from './simulate-group.ts';
import { snapshotCreate, snapshotKeep, snapshotRemove } from './simulate-snapshot.ts';
import { pointCreate, poolCreate, volumeCreate, volumeExtend, volumeRemove } from './simulate-volume.ts';

/** The inventory after these actions, or the first that cannot be. The inventory given is left as it is. */
export function simulate(
  inventory: Inventory,
  actions: readonly Action[],
): { inventory: Inventory } | { fault: Fault; action: Action } {
  const model = new Model(inventory);
  for (const action of actions) {
    const fault = perform(model, action);
    if (fault) return { fault, action };
  }
  return { inventory: model.inventory() };
}

/** Performs the action on the model; on a fault the model is as it was. */
export function perform(model: Model, action: Draft): Fault | null {
  switch (action.type) {
    case 'group.create':
      return groupCreate(model, action);
    case 'group.extend':
      return groupExtend(model, action);
    case 'group.reduce':
      return groupReduce(model, action);
    case 'group.repair':
      return groupRepair(model, action);
    case 'volume.create':
      return volumeCreate(model, action);
    case 'volume.extend':
      return volumeExtend(model, action);
    case 'volume.remove':
      return volumeRemove(model, action);
    case 'snapshot.create':
      return snapshotCreate(model, action);
    case 'snapshot.remove':
      return snapshotRemove(model, action);
    case 'snapshot.keep':
      return snapshotKeep(model, action);
    case 'copy':
      return copy(model, action);
    case 'hook':
      return null;
    case 'pool.create':
      return poolCreate(model, action);
    case 'point.create':
      return pointCreate(model, action);
    case 'point.remove':
      return volumeRemove(model, action);
  }
}
