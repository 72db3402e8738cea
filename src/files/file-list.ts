/**
 * The digest of a file list: SHA-256 over one record for each file below a folder, the folder itself first (as `.`),
 * then depth first, the names of each folder sorted by their bytes. A record is
 *
 *     TYPE MODE UID GID SIZE MTIME PATH \0 TARGET \0
 *
 * with one space between the fields. TYPE is `f` file, `d` folder, `l` symbolic link, `b` and `c` device, `p` pipe,
 * `s` socket, `h` another name of a file that came before. MODE is the permission bits, octal. SIZE is bytes for a
 * file, `MAJOR:MINOR` for a device, else 0. MTIME is nanoseconds since 1970. PATH is relative, in the bytes it has on
 * disk. TARGET is what a symbolic link says, for `h` the path that came first, else nothing. All of the list is there
 * to see without reading one file: content, extended attributes and access lists are not in it. As a tag:
 * `sha256-files:<hex>`.
 */
import { createHash, type Hash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as breath } from 'node:timers/promises';
import { majorMinor } from '../device-number.ts';
import { FILE_LIST_DIGEST } from '../plan/files.ts';

export interface FileList {
  readonly digest: string;
  /** Names in it, folders and links too. */
  readonly files: number;
}

/** `without`: a name right below `root` that does not count. Throws what the system says where something cannot be read. */
export async function fileList(
  root: string,
  without: string | null,
  signal?: AbortSignal,
): Promise<FileList> {
  const walk = new Walk(Buffer.from(root), without === null ? null : Buffer.from(without));
  let files = 0;
  for (const one of walk.below(Buffer.from('.'))) {
    walk.add(one);
    files++;
    // Others must be heard: that the parent is gone, that the snapshot has overflown.
    if (files % 1000 === 0) await breath();
    signal?.throwIfAborted();
  }
  return { digest: FILE_LIST_DIGEST + walk.hash.digest('hex'), files };
}

interface Entry {
  readonly path: Buffer;
  readonly stat: BigIntStats;
}

const SLASH = Buffer.from('/');
const DOT = Buffer.from('.');
const END = Buffer.from([0]);

class Walk {
  readonly hash: Hash = createHash('sha256');
  /** By device and inode, the first path of a file that has several. */
  readonly #first = new Map<string, Buffer>();

  constructor(
    readonly root: Buffer,
    readonly without: Buffer | null,
  ) {}

  *below(path: Buffer): Generator<Entry> {
    const stat = lstatSync(this.#full(path), { bigint: true });
    yield { path, stat };
    if (!stat.isDirectory()) return;
    const isRoot = path.equals(DOT);
    const names = readdirSync(this.#full(path), { encoding: 'buffer' }).sort(Buffer.compare);
    for (const name of names) {
      if (isRoot && this.without?.equals(name)) continue;
      yield* this.below(isRoot ? name : Buffer.concat([path, SLASH, name]));
    }
  }

  add({ path, stat }: Entry): void {
    const first = this.#firstPath(path, stat);
    const { type, size, target } = first
      ? { type: 'h', size: '0', target: first }
      : { type: typeOf(stat), size: sizeOf(stat), target: this.#linkTarget(path, stat) };
    const mode = (Number(stat.mode) & 0o7777).toString(8);
    this.hash.update(`${type} ${mode} ${stat.uid} ${stat.gid} ${size} ${stat.mtimeNs} `);
    for (const part of [path, END, target, END]) this.hash.update(part);
  }

  #full(path: Buffer): Buffer {
    return Buffer.concat([this.root, SLASH, path]);
  }

  #firstPath(path: Buffer, stat: BigIntStats): Buffer | null {
    if (stat.isDirectory() || stat.nlink < 2n) return null;
    const key = `${stat.dev} ${stat.ino}`;
    const first = this.#first.get(key);
    if (!first) this.#first.set(key, path);
    return first ?? null;
  }

  #linkTarget(path: Buffer, stat: BigIntStats): Buffer {
    return stat.isSymbolicLink() ? readlinkSync(this.#full(path), { encoding: 'buffer' }) : Buffer.alloc(0);
  }
}

function typeOf(stat: BigIntStats): string {
  if (stat.isFile()) return 'f';
  if (stat.isDirectory()) return 'd';
  if (stat.isSymbolicLink()) return 'l';
  if (stat.isBlockDevice()) return 'b';
  if (stat.isCharacterDevice()) return 'c';
  return stat.isFIFO() ? 'p' : 's';
}

function sizeOf(stat: BigIntStats): string {
  if (stat.isFile()) return String(stat.size);
  return stat.isBlockDevice() || stat.isCharacterDevice() ? majorMinor(stat.rdev) : '0';
}
