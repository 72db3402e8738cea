/**
 * The two ends of a copy: read at, write at, flush, size. Block devices or files; whatever else comes later has to
 * offer these four and nothing more.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { type Bytes, bytes } from '../units.ts';
import { alignedBuffer } from './aligned-buffer.ts';
import { CopyError, meaningOf, type Side } from './copy-error.ts';

export interface Source {
  readonly name: string;
  readonly size: Bytes;
  /** Past the page cache (O_DIRECT). */
  readonly direct: boolean;
  /** Fills `buffer` from `offset` on; throws CopyError where it cannot be filled. */
  read(buffer: Buffer, offset: number): Promise<void>;
  close(): Promise<void>;
}

export interface Target extends Source {
  /** Writes all of `buffer`; throws CopyError where it cannot. */
  write(buffer: Buffer, offset: number): Promise<void>;
  /** What was written is on stable storage afterwards. */
  flush(): Promise<void>;
}

export async function openSource(path: string): Promise<Source> {
  return openEnd('source', path, constants.O_RDONLY);
}

/** A block device is claimed: while it is open here, nothing can mount or map it. */
export async function openTarget(path: string): Promise<Target> {
  return openEnd('target', path, constants.O_RDWR | constants.O_EXCL);
}

async function openEnd(side: Side, path: string, flags: number): Promise<Target> {
  const direct = await openDirect(side, path, flags);
  if (direct) return endpoint(side, path, direct.handle, direct.size, true);
  const handle = await opened(side, path, flags);
  return endpoint(side, path, handle, await sizeOrClose(side, path, handle), false);
}

const SECTOR = 512;
const PROBE = 4096;

/** Past the page cache; null where that cannot be: no O_DIRECT on this file system, or a tail of less than a sector. */
async function openDirect(
  side: Side,
  path: string,
  flags: number,
): Promise<{ handle: FileHandle; size: Bytes } | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | constants.O_DIRECT);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EINVAL') return null;
    throw new CopyError(side, path, null, meaningOf(cause), { cause });
  }
  const size = await sizeOrClose(side, path, handle);
  const works = size % SECTOR === 0 && (await canReadDirectly(handle));
  if (works) return { handle, size };
  await handle.close();
  return null;
}

/** Any other error than EINVAL is the device's own, and shows where the copy reads it. */
async function canReadDirectly(handle: FileHandle): Promise<boolean> {
  try {
    await handle.read(alignedBuffer(PROBE), 0, PROBE, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EINVAL';
  }
}

async function opened(side: Side, path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (cause) {
    throw new CopyError(side, path, null, meaningOf(cause), { cause });
  }
}

async function sizeOrClose(side: Side, path: string, handle: FileHandle): Promise<Bytes> {
  try {
    return await sizeOf(side, path, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A block device has no size of its own in its inode: the kernel tells it in sectors of 512 bytes. */
async function sizeOf(side: Side, path: string, handle: FileHandle): Promise<Bytes> {
  const stat = await handle.stat();
  if (stat.isFile()) return bytes(stat.size);
  if (!stat.isBlockDevice()) throw new CopyError(side, path, null, 'it is neither a block device nor a file');
  const sectors = await readFile(`/sys/dev/block/${majorMinor(stat.rdev)}/size`, 'utf8');
  return bytes(Number(sectors.trim()) * SECTOR);
}

/** glibc's `major` and `minor` of a device number. */
function majorMinor(rdev: number): string {
  const device = BigInt(rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

function endpoint(side: Side, name: string, handle: FileHandle, size: Bytes, direct: boolean): Target {
  const failed = (offset: number | null, cause: unknown) =>
    new CopyError(side, name, offset, meaningOf(cause), { cause });
  return {
    name,
    size,
    direct,
    async read(buffer, offset) {
      await inFull(buffer, offset, 'the device ended before its size', async (part, place) => {
        try {
          return (await handle.read(part, 0, part.length, place)).bytesRead;
        } catch (cause) {
          throw failed(place, cause);
        }
      });
    },
    async write(buffer, offset) {
      await inFull(buffer, offset, 'it took no more bytes', async (part, place) => {
        try {
          return (await handle.write(part, 0, part.length, place)).bytesWritten;
        } catch (cause) {
          throw failed(place, cause);
        }
      });
    },
    async flush() {
      try {
        await handle.sync();
      } catch (cause) {
        throw failed(null, cause);
      }
    },
    async close() {
      await handle.close();
    },
  };

  /** The kernel may move fewer bytes than asked: the rest is asked for again, and none at all is an error. */
  async function inFull(
    buffer: Buffer,
    offset: number,
    shortText: string,
    move: (part: Buffer, place: number) => Promise<number>,
  ): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const moved = await move(buffer.subarray(done), offset + done);
      if (moved === 0) throw new CopyError(side, name, offset + done, shortText);
      done += moved;
    }
  }
}
