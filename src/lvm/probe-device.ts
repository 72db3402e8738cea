/** Looks into a device: what signatures it carries, whether anything holds it, whether its ends are empty. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MiB } from '../units.ts';
import type { RawProbe } from './block-devices.ts';
import type { RunCommand } from './spawn.ts';

/** Reads only. A device that cannot be opened counts as held and not blank. `size` in bytes. */
export async function probeDevice(path: string, size: number, run: RunCommand): Promise<RawProbe> {
  const [blkid, wipefs, ends] = await Promise.all([
    run(['blkid', '-p', '-o', 'export', path]),
    run(['wipefs', '-n', '--json', path]),
    lookInside(path, size),
  ]);
  return { blkid: blkid.stdout, wipefs: wipefs.stdout, ...ends };
}

async function lookInside(path: string, size: number): Promise<Pick<RawProbe, 'exclusive' | 'zeroEnds'>> {
  const exclusive = await opensExclusively(path);
  let device: FileHandle | undefined;
  try {
    device = await open(path, constants.O_RDONLY);
    const zeroEnds = (await readsZero(device, 0, size)) && (await readsZero(device, size - MiB, size));
    return { exclusive, zeroEnds };
  } catch {
    return { exclusive, zeroEnds: false };
  } finally {
    await device?.close();
  }
}

/** O_EXCL on a block device claims it: the kernel refuses where it is mounted, mapped or claimed by another. */
async function opensExclusively(path: string): Promise<boolean> {
  try {
    const device = await open(path, constants.O_RDONLY | constants.O_EXCL);
    await device.close();
    return true;
  } catch {
    return false;
  }
}

/** Whether the MiB from `offset` on reads zero; less where the device ends before. */
async function readsZero(device: FileHandle, offset: number, size: number): Promise<boolean> {
  const start = Math.max(0, offset);
  const buffer = Buffer.alloc(Math.min(MiB, size - start));
  const { bytesRead } = await device.read(buffer, 0, buffer.length, start);
  return bytesRead === buffer.length && buffer.equals(Buffer.alloc(buffer.length));
}
