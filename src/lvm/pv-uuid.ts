/** The UUIDs of physical volumes that the tool makes. */
import { createHash } from 'node:crypto';
import type { PvUuid } from './inventory.ts';
import { KEPT_UUID_PREFIX, OUR_UUID_PREFIX } from './names.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** LVM writes 32 characters in groups of 6-4-4-4-4-4-6; the first group names us. */
const GROUPS = [4, 4, 4, 4, 4, 6] as const;

/** `stay`: in a group of backups. Only what was lent may be taken away again, and its UUID alone may have to prove it. */
export type PvPurpose = 'lend' | 'stay';

/**
 * A UUID that follows from `seed` alone, so that a saved plan that is planned again announces the same one.
 * The seed holds the group, the device and the plan's clock: 131 bits of SHA-256 or more keep two of them apart.
 */
export function pvUuidFrom(seed: string, purpose: PvPurpose): PvUuid {
  const digest = createHash('sha256').update(seed).digest();
  const characters = Array.from(digest.subarray(0, 26), (byte) => ALPHABET[byte % ALPHABET.length]);
  let at = 0;
  const groups = GROUPS.map((length) => {
    at += length;
    return characters.slice(at - length, at).join('');
  });
  return purpose === 'lend'
    ? `${OUR_UUID_PREFIX}${groups.join('-')}`
    : `${KEPT_UUID_PREFIX}${groups.slice(1).join('-')}`;
}
