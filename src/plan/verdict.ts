/** What is remembered of a restore point whose bytes were read again: when, and whether they are what they should be. */
import type { Group } from '../lvm/inventory.ts';
import type { CopyState } from '../lvm/tags.ts';
import { isDetail, tag } from '../lvm/tags.ts';
import { stateTags } from './ownership.ts';
import { holdsSame, pointIn, type RestorePoint } from './restore-points.ts';
import { isThin } from './thin-model.ts';

export interface Verdict {
  /** RFC 3339 UTC: before the first byte was read. */
  readonly time: string;
  readonly ok: boolean;
}

/**
 * The tags that change, as lists to go from and to. A point that is found to be damaged is so in its state too: then
 * no refresh goes by what is remembered of it, and no restore takes it unless it is named. One that was damaged by
 * such a finding alone, and now reads as it should (a cable, a controller), is complete again.
 */
export function verdictTags(
  tags: readonly string[],
  state: CopyState,
  { time, ok }: Verdict,
): { readonly from: readonly string[]; readonly to: readonly string[] } {
  const from = tags.filter((one) => isDetail(one) && /^lvmbackup\.(state|verified)=/.test(one));
  const next: CopyState = state === 'incomplete' ? state : ok ? 'complete' : 'damaged';
  return { from, to: [...stateTags({ state: next }), tag('verified', `${time}:${ok ? 'ok' : 'damaged'}`)] };
}

export interface VolumeVerdict {
  /** `VG/LV`. */
  readonly volume: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * What one reading says of all volumes that share the point's blocks as they were then: of the point, and of the head
 * that the next copy goes on from, or the next point would be the same damage under a new name.
 */
export function verdictsOn(group: Group, point: RestorePoint, verdict: Verdict): VolumeVerdict[] {
  const same = [...group.volumes.values()].flatMap((volume) => {
    const other = pointIn(volume);
    if (!other || other.path === point.path || !isThin(volume) || !holdsSame(other, point)) return [];
    return verdict.ok && other.state !== 'damaged' ? [] : [other];
  });
  return [point, ...same].map(({ path, volume, state }) => ({
    volume: path,
    ...verdictTags(volume.tags, state, verdict),
  }));
}
