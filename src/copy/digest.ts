/** The digest of a volume, `lvmbackup.digest`: SHA-256 over the concatenated SHA-256 of its chunks. */
import { createHash } from 'node:crypto';
import { ENTRY_BYTES, type Entries, entryAt, sha256Of } from './entry.ts';

export class RootDigest {
  readonly #root = createHash('sha256');

  /** The entries of the next chunks, in their order. */
  add(entries: Entries): void {
    for (let index = 0; index * ENTRY_BYTES < entries.length; index++) {
      this.#root.update(sha256Of(entryAt(entries, index)));
    }
  }

  /** `sha256-256KiB:<hex>` */
  text(): string {
    return `sha256-256KiB:${this.#root.digest('hex')}`;
  }
}
