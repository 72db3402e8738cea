/** Writes a manifest in the order of its chunks, beside the one that is there, and puts it in its place at the end. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RootDigest } from './digest.ts';
import { ENTRY_BYTES, type Entries, type ManifestKey, noEntries } from './entry.ts';
import {
  encodeHeader,
  encodePage,
  HEADER_BYTES,
  type ManifestHeader,
  PAGE_BYTES,
  PAGE_ENTRIES,
} from './manifest-format.ts';
import { PageReader } from './manifest-reader.ts';

/** Pages that are written in one go. */
const WINDOW = 64;

export class ManifestWriter {
  readonly #root = new RootDigest();
  readonly #page = noEntries(PAGE_ENTRIES);
  #inPage = 0;
  #pages: Buffer[] = [];
  #written = 0;

  private constructor(
    readonly handle: FileHandle,
    readonly key: ManifestKey,
    readonly path: string | null,
  ) {}

  /** `path` null: a file that nobody sees, and that is gone when it is closed. */
  static async create(path: string | null, key: ManifestKey): Promise<ManifestWriter> {
    const place = path === null ? join(tmpdir(), `lvmbackup-${process.pid}-${Date.now()}`) : newName(path);
    await rm(place, { force: true });
    const handle = await open(place, 'wx+', 0o600);
    if (path === null) await rm(place);
    return new ManifestWriter(handle, key, path);
  }

  /** The entries of the next chunks. */
  async add(entries: Entries): Promise<void> {
    this.#root.add(entries);
    const count = entries.length / ENTRY_BYTES;
    for (let done = 0; done < count; ) {
      const taken = Math.min(count - done, PAGE_ENTRIES - this.#inPage);
      entries.copy(this.#page, this.#inPage * ENTRY_BYTES, done * ENTRY_BYTES, (done + taken) * ENTRY_BYTES);
      this.#inPage += taken;
      done += taken;
      if (this.#inPage === PAGE_ENTRIES) await this.#endPage();
    }
  }

  /** After the last chunk: the digest of them all. */
  async end(): Promise<string> {
    if (this.#inPage > 0) await this.#endPage();
    await this.#flushPages();
    return this.#root.text();
  }

  /** What was written, to be read again. */
  pages(): PageReader {
    return new PageReader(this.handle, this.key);
  }

  /** Makes it the manifest, whole and on stable storage. Does nothing where it has no path. */
  async commit(header: ManifestHeader): Promise<void> {
    if (this.path === null) return;
    await this.handle.write(encodeHeader(header), 0, HEADER_BYTES, 0);
    await this.handle.sync();
    await rename(newName(this.path), this.path);
    await syncFolder(this.path);
  }

  /** Also where it came to nothing: what was not committed is gone. */
  async close(): Promise<void> {
    await this.handle.close();
    if (this.path !== null) await rm(newName(this.path), { force: true });
  }

  async #endPage(): Promise<void> {
    const index = this.#written + this.#pages.length;
    this.#page.fill(0, this.#inPage * ENTRY_BYTES);
    this.#pages.push(encodePage(this.#page, index, this.key));
    this.#inPage = 0;
    if (this.#pages.length === WINDOW) await this.#flushPages();
  }

  async #flushPages(): Promise<void> {
    const data = Buffer.concat(this.#pages);
    const place = HEADER_BYTES + this.#written * PAGE_BYTES;
    for (let done = 0; done < data.length; ) {
      done += (await this.handle.write(data, done, data.length - done, place + done)).bytesWritten;
    }
    this.#written += this.#pages.length;
    this.#pages = [];
  }
}

function newName(path: string): string {
  return `${path}.new`;
}

/** A name that was given to a file is on stable storage only when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
