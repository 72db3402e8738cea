/** Looks into devices: what signatures they carry, whether anything holds them, whether their ends are empty. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Bytes, MiB } from '../units.ts';
import type { RawProbe } from './block-devices.ts';
import { isLabelWithoutGroup, isRestOfOurLabel, isZero } from './label-rest.ts';
import type { RunCommand } from './spawn.ts';

/** A device to look into, and its size. */
export interface Probed {
  readonly path: string;
  readonly size: Bytes;
}

/**
 * By path. Reads only. A device that cannot be opened counts as held and not blank, and one that blkid or wipefs
 * could not read as not blank: only what was looked into can be proven empty.
 */
export async function probeDevices(
  devices: readonly Probed[],
  run: RunCommand,
): Promise<Record<string, RawProbe>> {
  const [signatures, insides] = await Promise.all([
    Promise.all(devices.map(({ path }) => signaturesOf(path, run))),
    inTurn(devices, ({ path, size }) => lookInside(path, size)),
  ]);
  return Object.fromEntries(
    devices.map(({ path }, index) => [
      path,
      probe(signatures[index] as Signatures, insides[index] as Inside),
    ]),
  );
}

function probe({ read, blkid, wipefs }: Signatures, inside: Inside): RawProbe {
  const { exclusive, zeroEnds, neverInGroup } = inside;
  return { blkid, wipefs, exclusive, zeroEnds: zeroEnds && read, neverInGroup: neverInGroup && read };
}

interface Signatures extends Pick<RawProbe, 'blkid' | 'wipefs'> {
  /** Both programs came to an end with the device. */
  readonly read: boolean;
}
type Inside = Pick<RawProbe, 'exclusive' | 'zeroEnds' | 'neverInGroup'>;

async function signaturesOf(path: string, run: RunCommand): Promise<Signatures> {
  const [blkid, wipefs] = await Promise.all([
    run(['blkid', '-p', '-o', 'export', path]),
    run(['wipefs', '-n', '--json', path]),
  ]);
  const read = BLKID_HAS_READ.includes(blkid.exitCode) && wipefs.exitCode === 0;
  return { read, blkid: blkid.stdout, wipefs: wipefs.stdout };
}

/** 0: it found something; 2: nothing; 8: several things that contradict each other, which wipefs names. */
const BLKID_HAS_READ: readonly (number | null)[] = [0, 2, 8];

/** One after the other: a disk and its partitions, claimed at one moment, would each find the other in use. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

const NOT_EMPTY = { zeroEnds: false, neverInGroup: false } as const;

async function lookInside(path: string, size: Bytes): Promise<Inside> {
  const exclusive = await opensExclusively(path);
  let device: FileHandle | undefined;
  try {
    device = await open(path, constants.O_RDONLY);
    const start = await readMiB(device, 0, size);
    const end = await readMiB(device, size - MiB, size);
    if (start === null || end === null || !isZero(end)) return { exclusive, ...NOT_EMPTY };
    return {
      exclusive,
      zeroEnds: isZero(start) || isRestOfOurLabel(start),
      neverInGroup: isLabelWithoutGroup(start),
    };
  } catch {
    return { exclusive, ...NOT_EMPTY };
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

/** The MiB from `offset` on, less in a device that is smaller; null where the device ends before its size. */
async function readMiB(device: FileHandle, offset: number, size: number): Promise<Buffer | null> {
  const start = Math.max(0, offset);
  const buffer = Buffer.alloc(Math.min(MiB, size - start));
  const { bytesRead } = await device.read(buffer, 0, buffer.length, start);
  return bytesRead === buffer.length ? buffer : null;
}
