/** Opens the ends of a copy: past the page cache where that can be, a device that is written to claimed. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { alignedBuffer } from '../aligned-buffer.ts';
import type { Bytes } from '../units.ts';
import { CopyError, meaningOf, type Side } from './copy-error.ts';
import { type Device, deviceOf } from './device.ts';
import { endpoint, type OpenEnd, type Source, type Target } from './endpoint.ts';
import { WAITING } from './file-io.ts';
import { forget } from './page-cache.ts';

export interface OpenSource extends Source {
  readonly end: OpenEnd;
  readonly device: Device;
  /** Lets the page cache forget what was read or written through it, as far as it can be told to. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenTarget extends OpenSource, Target {
  /** What was written is on stable storage afterwards. */
  flush(): Promise<void>;
  /** When its content was last changed, as the file system tells it of a file; null of a device. */
  changed(): Promise<string | null>;
}

/** Throws CopyError. */
export async function openSource(path: string): Promise<OpenSource> {
  return openEnd('source', path, constants.O_RDONLY, 0);
}

/** A block device is claimed: while it is open here, nothing can mount or map it. Throws CopyError. */
export async function openTarget(path: string): Promise<OpenTarget> {
  return openEnd('target', path, constants.O_RDWR, constants.O_EXCL);
}

/** One handle claims (a second one of this process would be refused), the other goes past the page cache. */
async function openEnd(side: Side, path: string, access: number, claim: number): Promise<OpenTarget> {
  const handles: FileHandle[] = [];
  const close = async () => {
    await Promise.all(handles.map((handle) => handle.close()));
  };
  try {
    // Looked at before it is opened: a pipe would wait for its other end, and some devices act when they are opened.
    await deviceOf(await stat(path), side, path);
    const plain = await open(path, access | claim);
    handles.push(plain);
    const device = await deviceOf(await plain.stat(), side, path);
    const direct = await openDirect(path, access, device.size);
    if (direct) handles.push(direct.handle);
    const data: OpenEnd = {
      side,
      name: path,
      size: device.size,
      direct: direct && { fd: direct.handle.fd, alignment: direct.alignment },
      plain: plain.fd,
    };
    return {
      ...endpoint(data, WAITING),
      end: data,
      device,
      flush: () => flush(data, handles),
      changed: () => changed(plain, device),
      forget: () => (direct ? Promise.resolve() : forget(side, path)),
      close,
    };
  } catch (cause) {
    await close();
    throw cause instanceof CopyError ? cause : new CopyError(side, path, null, meaningOf(cause), { cause });
  }
}

const ALIGNMENTS = [512, 4096];

/** Null where it cannot be: no O_DIRECT on this file system, or nothing to try it on. */
async function openDirect(
  path: string,
  access: number,
  size: Bytes,
): Promise<{ handle: FileHandle; alignment: number } | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, access | constants.O_DIRECT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return null;
    throw error;
  }
  for (const alignment of ALIGNMENTS) {
    if (size >= alignment && (await canReadDirectly(handle, alignment))) return { handle, alignment };
  }
  await handle.close();
  return null;
}

/** Any other error than EINVAL is the device's own, and shows where the copy reads it. */
async function canReadDirectly(handle: FileHandle, length: number): Promise<boolean> {
  try {
    await handle.read(alignedBuffer(length), 0, length, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EINVAL';
  }
}

async function changed(handle: FileHandle, { kind }: Device): Promise<string | null> {
  return kind === 'file' ? String((await handle.stat({ bigint: true })).mtimeNs) : null;
}

async function flush({ side, name }: OpenEnd, handles: readonly FileHandle[]): Promise<void> {
  try {
    for (const handle of handles) await handle.sync();
  } catch (cause) {
    throw new CopyError(side, name, null, `it could not be flushed: ${meaningOf(cause)}`, { cause });
  }
}
