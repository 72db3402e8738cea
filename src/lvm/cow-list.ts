/**
 * What was overwritten on the origin of a thick snapshot since that was taken: its COW table, read from the device
 * that LVM keeps it on while the origin is written to.
 *
 * To be called after the new snapshot was taken: the kernel has written an exception to disk before it lets the write
 * through that the exception is for, and taking a snapshot waits for all writes, so all changes up to then are in the
 * table. Later ones may be.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { alignedBuffer } from '../aligned-buffer.ts';
import { type ChangeList, listOrFault, NoList, type Span } from './change-list.ts';
import { type CowStore, readCowTable } from './cow-table.ts';
import { type SnapshotStatus, snapshotStatus } from './dm-status.ts';
import { mapperName, mapperPath } from './mapper.ts';
import type { RunCommand } from './spawn.ts';

export interface CowBase {
  readonly group: string;
  /** The base snapshot, which was copied from last time. It must be active. */
  readonly snapshot: string;
  readonly span: Span;
}

export interface CowTools {
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  readonly open?: (path: string) => Promise<OpenStore>;
}

export interface OpenStore {
  readonly read: CowStore['read'];
  close(): Promise<void>;
}

/** Throws the signal's reason. Whatever else stands against a list comes back as data. */
export function cowList({ group, snapshot, span }: CowBase, tools: CowTools): Promise<ChangeList> {
  const name = mapperName(group, snapshot);
  return listOrFault(`${group}/${snapshot}`, async () => {
    const { store: size, metadata } = await healthy(name, span, tools.run);
    const { read, close } = await (tools.open ?? openStore)(mapperPath(group, snapshot, 'cow'));
    try {
      const store: CowStore = {
        size,
        read: (length, offset) => {
          tools.signal.throwIfAborted();
          return read(length, offset);
        },
      };
      const ranges = await readCowTable(store, span, metadata);
      // What overflowed meanwhile keeps no table any more.
      await healthy(name, span, tools.run);
      return ranges;
    } finally {
      await close();
    }
  });
}

async function healthy(name: string, { size }: Span, run: RunCommand): Promise<SnapshotStatus> {
  const status = await snapshotStatus(name, run);
  if (status.size === size) return status;
  throw new NoList('wrong-size', `it shows ${status.size} bytes, and the volume has ${size}`);
}

/** Past the page cache, for the kernel writes a store without it: what the cache has may be of yesterday. */
export async function openStore(path: string): Promise<OpenStore> {
  const device = await open(path, constants.O_RDONLY | constants.O_DIRECT).catch(unreadable);
  let buffer = alignedBuffer(0);
  return {
    async read(length, offset) {
      if (buffer.length < length) buffer = alignedBuffer(length);
      const { bytesRead } = await device.read(buffer, 0, length, offset).catch(unreadable);
      if (bytesRead === length) return buffer.subarray(0, length);
      throw new NoList('unreadable', `its store ends amid the ${length} bytes at ${offset}`);
    },
    close: () => device.close(),
  };
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new NoList('unreadable', `its store cannot be read: ${error.message}`);
}
