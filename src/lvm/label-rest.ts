/**
 * What is left of a physical volume that we made when a run dies while it gives the device back: `pvremove` takes the
 * label away, and the metadata behind it stands until the next command zeroes it. No tag tells of the device then,
 * but its own bytes do.
 */
import { isLentUuid } from './names.ts';

const LABEL_END = 4096;
const SECTOR = 512;
/** At byte 4 of the header of LVM's metadata area, which follows the label. */
const MAGIC = Buffer.from(' LVM2 x[5A%r0N*>', 'latin1');
/** As far as the marks of ours reach: the text may end anywhere. */
const IDS = /id = "([\w-]{12,})/g;

/**
 * Whether a device's first MiB holds nothing but metadata of a group to which we had lent it: no label, no byte where
 * a label or a boot sector would be, and text of LVM that names a physical volume of ours.
 */
export function isRestOfOurLabel(start: Buffer): boolean {
  if (!isZero(start.subarray(0, LABEL_END))) return false;
  const header = start.subarray(LABEL_END, LABEL_END + SECTOR);
  const isHeader = header.subarray(4, 4 + MAGIC.length).equals(MAGIC);
  if (!isHeader && !isZero(header)) return false;
  const text = start.toString('latin1', LABEL_END);
  return [...text.matchAll(IDS)].some(([, id = '']) => isLentUuid(id));
}

export function isZero(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}
