/**
 * The file that remembers what a target holds, chunk by chunk.
 *
 *   byte 0       a header of 4096 bytes: one line of JSON, filled up with spaces, then the SHA-256 of all that
 *   byte 4096    pages of 4096 bytes: 85 entries of 48 bytes each, then a checksum of 16 bytes
 *
 * The checksum of a page is taken under the manifest's own secret key with the generation and the page's number as the
 * nonce. So a page that is damaged, at another place, of another manifest, or of an earlier generation (which a disk that
 * loses a write leaves behind) is no page, and its chunks count as unknown.
 */
import { createHash } from 'node:crypto';
import { type Bytes, bytes } from '../units.ts';
import { CHUNK, chunkCount } from './chunk.ts';
import { ENTRY_BYTES, type Entries, gmac, type ManifestKey } from './entry.ts';

export const PAGE_BYTES = 4096;
export const HEADER_BYTES = 4096;
const MAC_BYTES = 16;
export const PAGE_ENTRIES = (PAGE_BYTES - MAC_BYTES) / ENTRY_BYTES;
const PAYLOAD = PAGE_ENTRIES * ENTRY_BYTES;

export interface ManifestHeader {
  /** What the target is known by: the UUID of a volume, or what the kernel calls it. */
  readonly target: string;
  readonly source: string;
  readonly size: Bytes;
  /** How many times this target was brought up to date with this manifest. */
  readonly generation: number;
  /** Of the content that the entries describe. */
  readonly digest: string;
  /** When the target was last changed, where it is a file; null where that cannot be told. */
  readonly changed: string | null;
  readonly key: ManifestKey;
}

export function pageCount(size: Bytes): number {
  return Math.ceil(chunkCount(size) / PAGE_ENTRIES);
}

/** The length of the whole file. */
export function manifestBytes(size: Bytes): number {
  return HEADER_BYTES + pageCount(size) * PAGE_BYTES;
}

const FORMAT = { format: 'lvmbackup-manifest', version: 1, chunk: CHUNK, algorithm: 'sha256' };
const SUM_BYTES = 32;

export function encodeHeader(header: ManifestHeader): Buffer {
  const text = JSON.stringify({ ...FORMAT, ...header, key: header.key.toString('hex') });
  const page = Buffer.alloc(HEADER_BYTES, ' ');
  const room = page.subarray(0, HEADER_BYTES - SUM_BYTES);
  if (Buffer.byteLength(text) >= room.length) throw new RangeError('the names are too long');
  room.write(`${text}\n`);
  createHash('sha256').update(room).digest().copy(page, room.length);
  return page;
}

/** Or why it is none, in words that follow "the manifest". */
export function decodeHeader(page: Buffer): ManifestHeader | { readonly fault: string } {
  if (page.length < HEADER_BYTES) return { fault: 'is cut short' };
  const text = page.subarray(0, HEADER_BYTES - SUM_BYTES);
  const sum = createHash('sha256').update(text).digest();
  if (!sum.equals(page.subarray(HEADER_BYTES - SUM_BYTES, HEADER_BYTES))) return { fault: 'is damaged' };
  const { format, version, chunk, algorithm, size, key, ...rest } = JSON.parse(text.toString());
  if (format !== FORMAT.format || version !== FORMAT.version) return { fault: 'is of another version' };
  if (chunk !== FORMAT.chunk || algorithm !== FORMAT.algorithm)
    return { fault: 'was made with other chunks' };
  return { ...rest, size: bytes(size), key: Buffer.from(key, 'hex') };
}

/** What the pages of one generation of one manifest have in common. */
export type Seal = Pick<ManifestHeader, 'key' | 'generation'>;

/** `entries`: at most as many as a page takes. */
export function encodePage(entries: Entries, index: number, seal: Seal): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  entries.copy(page);
  checksum(page, index, seal).copy(page, PAYLOAD);
  return page;
}

/** Null where the page is damaged, or not the one that belongs there. */
export function decodePage(page: Buffer, index: number, seal: Seal): Entries | null {
  const isWhole = checksum(page, index, seal).equals(page.subarray(PAYLOAD, PAGE_BYTES));
  return isWhole ? page.subarray(0, PAYLOAD) : null;
}

/** The nonce is never that of the fingerprints, which is all ones: a page's number has at most 53 bits. */
function checksum(page: Buffer, index: number, { key, generation }: Seal): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(generation % 2 ** 32);
  nonce.writeBigUInt64BE(BigInt(index), 4);
  return gmac(key, nonce, page.subarray(0, PAYLOAD));
}
