/** What the kernel tells of a block device or file: size, kind, whether it spins, and what it is known by. */
import type { Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Bytes, bytes } from '../units.ts';
import { CopyError, type Side } from './copy-error.ts';

export interface Device {
  readonly kind: 'device' | 'file';
  readonly size: Bytes;
  readonly rotational: boolean;
  /** The same for every path to it: `block 254:3`, `file 254:1/4711`. */
  readonly identity: string;
}

const SECTOR = 512;

/** Throws CopyError where it is neither a block device nor a regular file. */
export async function deviceOf(stat: Stats, side: Side, path: string): Promise<Device> {
  if (stat.isFile()) {
    const under = majorMinor(stat.dev);
    return {
      kind: 'file',
      size: bytes(stat.size),
      rotational: await isRotational(under),
      identity: `file ${under}/${stat.ino}`,
    };
  }
  if (!stat.isBlockDevice()) {
    throw new CopyError(side, path, null, 'it is neither a block device nor a file');
  }
  const numbers = majorMinor(stat.rdev);
  // A block device has no size in its inode: the kernel tells it in sectors of 512 bytes.
  const sectors = await readFile(`/sys/dev/block/${numbers}/size`, 'utf8');
  return {
    kind: 'device',
    size: bytes(Number(sectors.trim()) * SECTOR),
    rotational: await isRotational(numbers),
    identity: `block ${numbers}`,
  };
}

/** glibc's `major` and `minor` of a device number. */
function majorMinor(rdev: number): string {
  const device = BigInt(rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** A partition has no queue of its own, its disk has. Of what tells nothing, nothing is assumed. */
async function isRotational(numbers: string): Promise<boolean> {
  for (const queue of ['queue', '../queue']) {
    try {
      const text = await readFile(`/sys/dev/block/${numbers}/${queue}/rotational`, 'utf8');
      return text.trim() === '1';
    } catch {}
  }
  return false;
}
