/** Reads a manifest in pages, a few at a time: its memory does not grow with the volume. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { ENTRY_BYTES, type Entries, noEntries } from './entry.ts';
import {
  decodeHeader,
  decodePage,
  HEADER_BYTES,
  type ManifestHeader,
  manifestBytes,
  PAGE_BYTES,
  PAGE_ENTRIES,
  type Seal,
} from './manifest-format.ts';

/** Pages that are read in one go. */
const WINDOW = 64;

/** The pages of a manifest, whoever has it open. Questions are answered one after the other: there is one window. */
export class PageReader {
  readonly #window = Buffer.alloc(WINDOW * PAGE_BYTES);
  #from = -1;
  #read = 0;
  #page: { index: number; entries: Entries | null } = { index: -1, entries: null };
  #asked: Promise<unknown> = Promise.resolve();

  constructor(
    readonly handle: FileHandle,
    readonly seal: Seal,
  ) {}

  /** With a window of its own: for whoever reads at another place. */
  again(): PageReader {
    return new PageReader(this.handle, this.seal);
  }

  /** Those of `count` chunks from `first` on; of chunks on a damaged page nothing is known. */
  entries(first: number, count: number): Promise<Entries> {
    const answer = this.#asked.then(() => this.#entries(first, count));
    this.#asked = answer.catch(() => {});
    return answer;
  }

  async #entries(first: number, count: number): Promise<Entries> {
    const entries = noEntries(count);
    for (let done = 0; done < count; ) {
      const page = Math.floor((first + done) / PAGE_ENTRIES);
      const at = (first + done) % PAGE_ENTRIES;
      const taken = Math.min(count - done, PAGE_ENTRIES - at);
      const from = await this.#pageAt(page);
      from?.copy(entries, done * ENTRY_BYTES, at * ENTRY_BYTES, (at + taken) * ENTRY_BYTES);
      done += taken;
    }
    return entries;
  }

  async #pageAt(index: number): Promise<Entries | null> {
    if (this.#page.index !== index) this.#page = { index, entries: await this.#decoded(index) };
    return this.#page.entries;
  }

  async #decoded(index: number): Promise<Entries | null> {
    if (this.#from < 0 || index < this.#from || index >= this.#from + WINDOW) await this.#fill(index);
    const at = (index - this.#from) * PAGE_BYTES;
    if (at + PAGE_BYTES > this.#read) return null;
    return decodePage(this.#window.subarray(at, at + PAGE_BYTES), index, this.seal);
  }

  async #fill(index: number): Promise<void> {
    this.#from = index;
    this.#read = 0;
    while (this.#read < this.#window.length) {
      const count = await this.#readOn(HEADER_BYTES + index * PAGE_BYTES + this.#read);
      if (count === 0) break;
      this.#read += count;
    }
  }

  /** What a disk cannot give is a page like a damaged one. */
  async #readOn(place: number): Promise<number> {
    const left = this.#window.length - this.#read;
    return this.handle.read(this.#window, this.#read, left, place).then(
      ({ bytesRead }) => bytesRead,
      () => 0,
    );
  }
}

export interface OpenManifest {
  readonly header: ManifestHeader;
  readonly pages: PageReader;
  close(): Promise<void>;
}

/** Or why there is none, in words that follow "the manifest"; null where there is no such file. */
export async function openManifest(path: string): Promise<OpenManifest | { readonly fault: string } | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? null : { fault: `cannot be read (${message})` };
  }
  const header = await readHeader(handle).catch((error: Error) => ({
    fault: `cannot be read (${error.message})`,
  }));
  if ('fault' in header) {
    await handle.close();
    return header;
  }
  return { header, pages: new PageReader(handle, header), close: () => handle.close() };
}

async function readHeader(handle: FileHandle): Promise<ManifestHeader | { readonly fault: string }> {
  const page = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await handle.read(page, 0, HEADER_BYTES, 0);
  const header = decodeHeader(page.subarray(0, bytesRead));
  if ('fault' in header) return header;
  const { size } = await handle.stat();
  return size === manifestBytes(header.size) ? header : { fault: 'is cut short' };
}
