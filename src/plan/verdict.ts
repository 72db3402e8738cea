/** What is remembered of a restore point whose bytes were read again: when, and whether they are what they should be. */

import type { CopyState } from '../lvm/tags.ts';
import { isDetail, tag } from '../lvm/tags.ts';
import { stateTags } from './ownership.ts';

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
