/** Lets a snapshot grow while it is copied: on the devices it lies on, within the room that the plan kept for it. */
import { extendVolume } from '../lvm/commands.ts';
import { endOf, type RunCommand, reasonsOf } from '../lvm/spawn.ts';
import type { SnapshotCreate } from '../plan/action.ts';
import { type Bytes, bytesOf, type Extents, extents } from '../units.ts';
import { extentsText } from '../units-text.ts';

/** How full its store is. */
export interface Store {
  readonly used: Bytes;
  readonly store: Bytes;
}

export interface Grower {
  /** Grows it where it is fuller than it may be, and gives the size of its store then. `filled`: bytes since the last look. */
  grow(status: Store, filled: number): Promise<number>;
  canGrow(): boolean;
}

/** Null where it may not grow. `tell` is given a sentence for each time that it grew or could not. */
export function growerOf(
  action: SnapshotCreate,
  run: RunCommand,
  tell: (message: string) => void,
): Grower | null {
  const { growth, target, placement } = action;
  if (!growth) return null;
  const extentSize = (action.bytes / action.extents) as Bytes;
  let left: number = growth.extents;
  return {
    canGrow: () => left > 0,
    async grow({ used, store }, filled) {
      const more = stepsNeeded({ used, store }, filled, { ...growth, extents: extents(left) }, extentSize);
      if (more === 0) return store;
      const full = `it was ${Math.floor((used / store) * 100)}% full`;
      const result = await run(extendVolume(target, more, placement.devices));
      if (result.exitCode === 0) {
        left -= more;
        tell(`the snapshot ${target} grew by ${extentsText(more, extentSize)}: ${full}`);
        return store + bytesOf(more, extentSize);
      }
      // Tried again, it would fail again: the copy goes on with what there is.
      left = 0;
      const why = reasonsOf(result)[0] ?? endOf(result);
      tell(`the snapshot ${target} could not grow, and ${full}: ${why}`);
      return store;
    },
  };
}

/** Whole steps until it is less full than it may be, also when as much again is written before the next look. */
export function stepsNeeded(
  { used, store }: Store,
  filled: number,
  growth: { readonly at: number; readonly step: Extents; readonly extents: Extents },
  extentSize: Bytes,
): Extents {
  let more = 0;
  const isFull = () => {
    const size = store + more * extentSize;
    return used >= (size * growth.at) / 100 || (more > 0 && used + filled >= size);
  };
  while (more < growth.extents && isFull()) more += growth.step;
  return extents(Math.min(more, growth.extents));
}
