/** Which physical volumes the command of an allocation names. */
import type { Extents } from '../units.ts';
import type { Placement } from './action.ts';
import { place, type Wish } from './allocate.ts';
import type { ModelGroup } from './model.ts';

/** A thin volume takes no extents, so its command names no device. */
export const NOWHERE: Placement = { devices: [] };

/** Names every usable device where the allocation fits nowhere: performing it then tells what is short. */
export function placementFor(group: ModelGroup, count: Extents, wish: Wish = {}): Placement {
  const found = place(group, count, wish);
  const pvs = found.kind === 'one' ? [found.pv] : found.pvs;
  return { devices: pvs.map((pv) => pv.device ?? '') };
}
