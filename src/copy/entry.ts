/**
 * What is known of a chunk's content: its SHA-256, which the digest of the volume is made of, and a fingerprint under
 * a secret key, which says five times faster whether the chunk is still the same.
 *
 * The fingerprint is GMAC, a polynomial over the data in GF(2^128) at a secret point. Two different chunks of 256 KiB
 * have the same fingerprint with a probability of at most 2^14 / 2^128, whoever chose them, as long as the key
 * is secret: it is chosen at random for each manifest and kept in it, readable by root alone. That the nonce is
 * always the same would be a fault in a message authentication code that an attacker sees; here nobody sees it.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { CHUNK } from './chunk.ts';

const SHA256_BYTES = 32;
const FINGERPRINT_BYTES = 16;
export const ENTRY_BYTES = SHA256_BYTES + FINGERPRINT_BYTES;

/** Of chunks of which nothing is known. No content has it as its SHA-256. */
const NOTHING = Buffer.alloc(ENTRY_BYTES);

export type ManifestKey = Buffer;

export function newKey(): ManifestKey {
  return randomBytes(16);
}

/** A list of entries in one piece of memory, to be sent from thread to thread and written to a file as it is. */
export type Entries = Buffer;

export function noEntries(count: number): Entries {
  return Buffer.alloc(count * ENTRY_BYTES);
}

export function entryAt(entries: Entries, index: number): Buffer {
  return entries.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
}

export function isKnown(entry: Buffer): boolean {
  return !entry.equals(NOTHING);
}

export function sha256Of(entry: Buffer): Buffer {
  return entry.subarray(0, SHA256_BYTES);
}

const ZEROS = Buffer.alloc(CHUNK);

export function isZero(data: Buffer): boolean {
  return data.equals(data.length === CHUNK ? ZEROS : ZEROS.subarray(0, data.length));
}

/** Makes entries and compares with them, under one key. */
export class EntryMaker {
  readonly #zero = new Map<number, Buffer>();

  constructor(readonly key: ManifestKey) {}

  /** `zero`: whether the data are known to be all zero; their entry is made once. */
  entry(data: Buffer, zero: boolean): Buffer {
    if (!zero) return this.#make(data);
    const made = this.#zero.get(data.length) ?? this.#make(data);
    this.#zero.set(data.length, made);
    return made;
  }

  /** Whether the data are those that the entry was made of. To see that they are zero is quicker than to take a fingerprint. */
  matches(entry: Buffer, data: Buffer, zero = isZero(data)): boolean {
    if (zero) return this.entry(data, true).equals(entry);
    return this.#fingerprint(data).equals(entry.subarray(SHA256_BYTES));
  }

  #make(data: Buffer): Buffer {
    return Buffer.concat([createHash('sha256').update(data).digest(), this.#fingerprint(data)]);
  }

  #fingerprint(data: Buffer): Buffer {
    return gmac(this.key, FINGERPRINT_NONCE, data);
  }
}

const FINGERPRINT_NONCE = Buffer.alloc(12, 0xff);

/** The tag of AES-128-GCM over data that are authenticated and not encrypted (NIST SP 800-38D). */
export function gmac(key: Buffer, nonce: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  cipher.setAAD(data);
  cipher.final();
  return cipher.getAuthTag();
}
