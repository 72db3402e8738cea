/** What stands against a snapshot of a thin volume: nothing of its group is taken, but its pool must have room. */
import type { Group, Volume } from '../lvm/inventory.ts';
import { extents } from '../units.ts';
import type { Problem } from './problem.ts';
import { refusal } from './problem-texts.ts';

/**
 * The least that must be free, in percent. A pool that runs full stops all its volumes, not only the one that is
 * copied, and while a snapshot stands each first write to one of the origin's chunks takes a new one.
 */
export const LEAST_FREE_IN_POOL = 5;

/** The pool of a thin volume; undefined for any other, and where the report does not have it. */
export function poolOf(group: Pick<Group, 'volumes'>, volume: Volume): Volume | undefined {
  return isThin(volume) && volume.pool !== null ? group.volumes.get(volume.pool) : undefined;
}

export function isThin({ layout }: Pick<Volume, 'layout'>): boolean {
  return layout.includes('thin') && !layout.includes('pool');
}

/** Of an inactive pool nothing is known before it is activated: the watch while it is copied looks then. */
export function poolRefusal(
  group: Pick<Group, 'name' | 'volumes' | 'extentSize'>,
  volume: Volume,
  unit: string,
): Problem | null {
  const pool = poolOf(group, volume);
  if (!pool) return null;
  const path = `${group.name}/${pool.name}`;
  if (pool.health !== '') {
    const what = `${group.name}/${volume.name} lies in ${path}, which is not whole (${pool.health})`;
    return refusal(
      'source-unsupported',
      { unit },
      what,
      `repair the pool first: lvmthin(7), lvs -o+lv_health_status ${path}`,
    );
  }
  return (
    shortage(group, pool, unit, 'data', pool.dataPercent) ??
    shortage(group, pool, unit, 'metadata', pool.metadataPercent)
  );
}

function shortage(
  { name, volumes, extentSize }: Pick<Group, 'name' | 'volumes' | 'extentSize'>,
  pool: Volume,
  unit: string,
  what: 'data' | 'metadata',
  percent: number | null,
): Problem | null {
  if (percent === null || 100 - percent >= LEAST_FREE_IN_POOL) return null;
  const part = what === 'data' ? pool : volumes.get(`${pool.name}_tmeta`);
  const all = part?.extents ?? 0;
  const grow = what === 'data' ? '-l +N' : '--poolmetadatasize +SIZE';
  return {
    ...{ code: 'insufficient-space', severity: 'error', unit, group: name, extentSize },
    needed: extents(Math.ceil((all * LEAST_FREE_IN_POOL) / 100)),
    available: extents(Math.floor((all * Math.max(0, 100 - percent)) / 100)),
    message: `the ${what} of the pool ${name}/${pool.name} are ${percent} % full: at least ${LEAST_FREE_IN_POOL} % must be free, for what is written while a snapshot stands takes more`,
    hint: `lvextend ${grow} ${name}/${pool.name}, or remove thin snapshots that nobody needs`,
  };
}
