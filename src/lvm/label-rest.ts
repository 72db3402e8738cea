/**
 * What is left of a physical volume that we made when a run dies while it gives the device back, or while it makes a
 * group of it. No tag tells of the device then, but its own bytes do.
 */
import { crc32 } from 'node:zlib';
import { isLentUuid } from './names.ts';

const LABEL_END = 4096;
const SECTOR = 512;
/** At byte 4 of the header of LVM's metadata area, which follows the label. */
const MAGIC = Buffer.from(' LVM2 x[5A%r0N*>', 'latin1');
/** In that header, after its magic, version and extent: where the group's text stands. All zero: there never was one. */
const LOCATIONS = 40;
/** LVM begins its CRC-32 with this, and leaves out the inversion at both ends. */
const CRC_START = 0xf597a6cf;
/** As far as the marks of ours reach: the text may end anywhere. */
const IDS = /id = "([\w-]{12,})/g;
/** In each text of a group: how often it was changed. */
const SEQNOS = /seqno = (\d+)/g;

/**
 * Whether a device's first MiB holds nothing but metadata of a group to which we had lent it: no label, no byte where
 * a label or a boot sector would be, and text of LVM that names a physical volume of ours. So it is where `pvremove`
 * took the label away, and the command that zeroes what stands behind it was never run.
 */
export function isRestOfOurLabel(start: Buffer): boolean {
  if (!isZero(start.subarray(0, LABEL_END))) return false;
  const header = start.subarray(LABEL_END, LABEL_END + SECTOR);
  if (!hasMagic(header) && !isZero(header)) return false;
  const text = start.toString('latin1', LABEL_END);
  return [...text.matchAll(IDS)].some(([, id = '']) => isLentUuid(id));
}

/**
 * Whether a device's first MiB is a physical volume's on which no group was ever written. `vgcreate` and `vgextend`
 * write the label first (it says from then on that a group uses it), then the group's text, and last where that text
 * stands: killed before the last of it, they leave this. Of a damaged header its checksum tells, and each change of a group
 * writes one more text: of one that was in use there are several.
 */
export function isLabelWithoutGroup(start: Buffer): boolean {
  const header = start.subarray(LABEL_END, LABEL_END + SECTOR);
  if (!hasMagic(header) || header.readUInt32LE(0) !== checksum(header.subarray(4))) return false;
  if (!isZero(header.subarray(LOCATIONS))) return false;
  const aroundLabel = [start.subarray(0, SECTOR), start.subarray(2 * SECTOR, LABEL_END)];
  if (!aroundLabel.every(isZero)) return false;
  const text = start.toString('latin1', LABEL_END + SECTOR);
  return new Set([...text.matchAll(SEQNOS)].map(([, seqno]) => seqno)).size <= 1;
}

function hasMagic(header: Buffer): boolean {
  return header.subarray(4, 4 + MAGIC.length).equals(MAGIC);
}

function checksum(bytes: Buffer): number {
  return ~crc32(bytes, ~CRC_START >>> 0) >>> 0;
}

export function isZero(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}
