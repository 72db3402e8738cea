/** What the kernel tells of a block device or file: size, kind, whether it spins, and what it is known by. */
import type { Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { majorMinor } from '../device-number.ts';
import { type Bytes, bytes } from '../units.ts';
import { CopyError, type Side } from './copy-error.ts';

export interface Device {
  readonly kind: 'device' | 'file';
  readonly size: Bytes;
  readonly rotational: boolean;
  /**
   * What it is known by, whatever its path: the same after a reboot where the kernel tells something that lasts, else
   * a name that holds for this boot alone.
   */
  readonly identity: string;
}

const SECTOR = 512;

/** Throws CopyError where it is neither a block device nor a regular file. */
export async function deviceOf(stat: Stats, side: Side, path: string): Promise<Device> {
  if (stat.isFile()) {
    const under = majorMinor(stat.dev);
    const [rotational, identity] = [await isRotational(under), `file ${under}/${stat.ino}`];
    return { kind: 'file', size: bytes(stat.size), rotational, identity };
  }
  if (!stat.isBlockDevice()) {
    throw new CopyError(side, path, null, 'it is neither a block device nor a file');
  }
  const numbers = majorMinor(stat.rdev);
  // A block device has no size in its inode: the kernel tells it in sectors of 512 bytes.
  const size = bytes(Number((await told(numbers, 'size')) ?? 0) * SECTOR);
  const [rotational, identity] = [await isRotational(numbers), await identityOf(numbers)];
  return { kind: 'device', size, rotational, identity };
}

/** One line of what the kernel tells of a block device; null where it does not. */
async function told(numbers: string, file: string): Promise<string | null> {
  try {
    const text = (await readFile(`/sys/dev/block/${numbers}/${file}`, 'utf8')).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

/** Mapped devices have an identity of their own; a partition is a place on a disk that has one. */
async function identityOf(numbers: string): Promise<string> {
  const mapped = await told(numbers, 'dm/uuid');
  if (mapped !== null) return mappedIdentity(mapped);
  const file = await told(numbers, 'loop/backing_file');
  if (file !== null) return `loop ${file} at ${await told(numbers, 'loop/offset')}`;
  const isPartition = (await told(numbers, 'partition')) !== null;
  const disk = await diskOf(isPartition ? `${numbers}/..` : numbers);
  if (disk !== null) return isPartition ? `disk ${disk} at ${await told(numbers, 'start')}` : `disk ${disk}`;
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return `block ${numbers} of boot ${boot}`;
}

/** Of a mapped device, by the UUID that device-mapper has for it: also where it is not active. */
export function mappedIdentity(uuid: string): string {
  return `dm ${uuid}`;
}

/** What the maker wrote into it: SCSI and SATA, NVMe, virtual disks. */
async function diskOf(numbers: string): Promise<string | null> {
  for (const file of ['device/wwid', 'wwid', 'serial']) {
    const text = await told(numbers, file);
    if (text !== null) return text.replace(/\s+/g, ' ');
  }
  return null;
}

/** A partition has no queue of its own, its disk has. Of what tells nothing, nothing is assumed. */
async function isRotational(numbers: string): Promise<boolean> {
  const own = await told(numbers, 'queue/rotational');
  return (own ?? (await told(numbers, '../queue/rotational'))) === '1';
}
