/** Writes a manifest in the order of its chunks, beside the one that is there, and puts it in its place at the end. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KiB } from '../units.ts';
import { RootDigest } from './digest.ts';
import { ENTRY_BYTES, type Entries, noEntries } from './entry.ts';
import { keeping, requireRoom } from './keeping.ts';
import {
  encodeHeader,
  encodePage,
  HEADER_BYTES,
  type ManifestHeader,
  manifestBytes,
  PAGE_BYTES,
  PAGE_ENTRIES,
} from './manifest-format.ts';
import { PageReader } from './manifest-reader.ts';

/** Pages that are written in one go. */
const WINDOW = 64;

/** For what else is written beside it: the dirty mark. */
const BESIDE = 512 * KiB;

/** What is known before the copy. */
export type ManifestFacts = Omit<ManifestHeader, 'digest' | 'changed'>;

export class ManifestWriter {
  readonly #root = new RootDigest();
  readonly #page = noEntries(PAGE_ENTRIES);
  #inPage = 0;
  #pages: Buffer[] = [];
  #written = 0;

  private constructor(
    readonly handle: FileHandle,
    readonly facts: ManifestFacts,
    readonly path: string | null,
    readonly place: string,
  ) {}

  /**
   * `path` null: a file that nobody sees, and that is gone when it is closed. Throws UserError where the manifest could
   * not be kept: before anything is written to the target.
   */
  static async create(path: string | null, facts: ManifestFacts): Promise<ManifestWriter> {
    const place = path === null ? join(tmpdir(), `lvmbackup-${randomUUID()}`) : newName(path);
    await requireRoom(path ?? place, manifestBytes(facts.size) + BESIDE);
    const handle = await keeping(path ?? place, async () => {
      await rm(place, { force: true });
      return open(place, 'wx+', 0o600);
    });
    const writer = new ManifestWriter(handle, facts, path, place);
    try {
      if (path === null) await rm(place);
      await writer.#write(encodeHeader({ ...facts, ...LONGEST }).fill(0), 0);
    } catch (error) {
      await writer.close();
      throw error;
    }
    return writer;
  }

  /** The entries of the next chunks; `remembered` where other ones are to be kept than the digest is made of. */
  async add(entries: Entries, remembered = entries): Promise<void> {
    this.#root.add(entries);
    await this.#keep(remembered);
  }

  async #keep(entries: Entries): Promise<void> {
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
    return new PageReader(this.handle, this.facts);
  }

  /** Makes it the manifest, whole and on stable storage. Does nothing where it has no path. */
  async commit(rest: Pick<ManifestHeader, 'digest' | 'changed'>): Promise<void> {
    const { path } = this;
    if (path === null) return;
    await this.#write(encodeHeader({ ...this.facts, ...rest }), 0);
    await keeping(path, async () => {
      await this.handle.sync();
      await rename(this.place, path);
      await syncFolder(path);
    });
  }

  /** Also where it came to nothing: what was not committed is gone. */
  async close(): Promise<void> {
    await this.handle.close();
    await rm(this.place, { force: true });
  }

  async #endPage(): Promise<void> {
    const index = this.#written + this.#pages.length;
    this.#page.fill(0, this.#inPage * ENTRY_BYTES);
    this.#pages.push(encodePage(this.#page, index, this.facts));
    this.#inPage = 0;
    if (this.#pages.length === WINDOW) await this.#flushPages();
  }

  async #flushPages(): Promise<void> {
    await this.#write(Buffer.concat(this.#pages), HEADER_BYTES + this.#written * PAGE_BYTES);
    this.#written += this.#pages.length;
    this.#pages = [];
  }

  async #write(data: Buffer, place: number): Promise<void> {
    await keeping(this.path ?? this.place, async () => {
      for (let done = 0; done < data.length; ) {
        done += (await this.handle.write(data, done, data.length - done, place + done)).bytesWritten;
      }
    });
  }
}

/** As long as they can be: a header that fits with these fits with all. */
const LONGEST = { digest: `sha256-256KiB:${'f'.repeat(64)}`, changed: '9'.repeat(20) };

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
