/** What `dmsetup status` says of a snapshot and of a thin pool: `START LENGTH TARGET WORDS…`, lengths in sectors. */
import { type Bytes, bytes } from '../units.ts';
import { NoList } from './change-list.ts';
import { type CommandResult, endOf, type RunCommand, reasonsOf } from './spawn.ts';

const SECTOR = 512;

interface Status {
  readonly length: Bytes;
  readonly target: string;
  readonly words: readonly string[];
}

export interface SnapshotStatus {
  /** Of the snapshot as it reads: its origin's. */
  readonly size: Bytes;
  /** Of the store, what is taken. */
  readonly used: Bytes;
  /** Of the COW store. */
  readonly store: Bytes;
  /** What of the store its header and the areas of its table take, so far. */
  readonly metadata: Bytes;
}

/** `name`: in device-mapper. Throws NoList where the snapshot is no more what it was when it was taken. */
export async function snapshotStatus(name: string, run: RunCommand): Promise<SnapshotStatus> {
  const { length, target, words } = await statusOf(name, run);
  if (target === 'snapshot-merge') throw new NoList('merging', 'it is being merged into its origin');
  if (target !== 'snapshot') throw new NoList('no-status', `it is no snapshot but of the kind ${target}`);
  const said = words.join(' ');
  if (said === 'Invalid' || said === 'Overflow') throw new NoList('overflowed', 'it has overflown');
  if (said === 'Merge failed')
    throw new NoList('merge-failed', 'it was being merged into its origin, and that failed');
  const numbers = /^(\d+)\/(\d+) (\d+)$/
    .exec(said)
    ?.slice(1)
    .map((digits) => Number(digits) * SECTOR);
  const [used = 0, store = 0, metadata = 0] = numbers ?? [];
  if (!numbers?.every(Number.isSafeInteger)) throw new NoList('no-status', `the kernel says of it: ${said}`);
  return { size: length, used: bytes(used), store: bytes(store), metadata: bytes(metadata) };
}

export interface PoolStatus {
  /** In chunks. */
  readonly data: { readonly used: number; readonly total: number };
  /** In blocks of the metadata. */
  readonly metadata: { readonly used: number; readonly total: number };
  readonly chunk: Bytes;
  /** False where the pool takes no writes any more, for it is full or has failed. */
  readonly writable: boolean;
  /** Where its reserved metadata snapshot is, in blocks of its metadata; null: none is reserved. */
  readonly heldRoot: string | null;
}

/** Where the pool's reserved metadata snapshot is; null: none is reserved. Throws NoList. */
export async function heldRoot(name: string, run: RunCommand): Promise<string | null> {
  return (await poolStatus(name, run)).heldRoot;
}

/** `name`: of the layer that works, `VG-POOL-tpool`. Throws NoList where the kernel does not tell. */
export async function poolStatus(name: string, run: RunCommand): Promise<PoolStatus> {
  const { length, target, words } = await statusOf(name, run);
  if (target !== 'thin-pool') throw new NoList('no-status', `it is no thin pool but of the kind ${target}`);
  if (words[0] === 'Fail' || words[0] === 'Error') throw new NoList('pool-failed', 'the pool has failed');
  const [transaction = '', metadataWord, dataWord, root = '', mode] = words;
  const [metadata, data] = [usedOf(metadataWord), usedOf(dataWord)];
  if (!/^\d+$/.test(transaction) || !metadata || !data || !/^(-|\d+)$/.test(root)) {
    throw new NoList('no-status', `the kernel says of it: ${words.join(' ')}`);
  }
  const chunk = bytes(Math.floor(length / data.total / SECTOR) * SECTOR);
  return { data, metadata, chunk, writable: mode === 'rw', heldRoot: root === '-' ? null : root };
}

/** `USED/TOTAL`. */
function usedOf(word: string | undefined): PoolStatus['data'] | null {
  const [, used, total] = /^(\d+)\/(\d+)$/.exec(word ?? '') ?? [];
  return total === undefined || Number(total) === 0 ? null : { used: Number(used), total: Number(total) };
}

async function statusOf(name: string, run: RunCommand): Promise<Status> {
  const result = await run(['dmsetup', 'status', name]);
  if (result.exitCode !== 0) throw new NoList('no-status', failed('its state is not known', result));
  const [, length = '', target = '', rest = ''] =
    /^0 (\d+) (\S+)(?: (.*))?$/.exec(result.stdout.trim()) ?? [];
  const size = Number(length) * SECTOR;
  if (target === '' || !Number.isSafeInteger(size)) {
    throw new NoList('no-status', `the kernel says of it: ${result.stdout.trim()}`);
  }
  return { length: bytes(size), target, words: rest.split(' ').filter((word) => word !== '') };
}

/** `what`, and why: what the command said, or how it ended. */
export function failed(what: string, result: CommandResult): string {
  return `${what}: ${[...reasonsOf(result), `${result.argv[0]} ended with ${endOf(result)}`][0]}`;
}
