/**
 * The digest of a volume: SHA-256 over the concatenated SHA-256 of its chunks of 256 KiB. Chunks may be hashed in
 * any order near each other; the root takes them in theirs.
 */
import { createHash } from 'node:crypto';

export const CHUNK = 256 * 1024;

export class OrderedDigest {
  readonly #root = createHash('sha256');
  readonly #waiting = new Map<number, Buffer>();
  #next = 0;

  /** Takes one block's data; `index` counts blocks from 0, and every block is given once. */
  add(index: number, data: Buffer): void {
    this.#waiting.set(index, chunkDigests(data));
    for (let ready = this.#waiting.get(this.#next); ready; ready = this.#waiting.get(this.#next)) {
      this.#root.update(ready);
      this.#waiting.delete(this.#next);
      this.#next++;
    }
  }

  /** `sha256-256KiB:<hex>`, the value of the `lvmbackup.digest` tag. */
  text(): string {
    return `sha256-256KiB:${this.#root.digest('hex')}`;
  }
}

function chunkDigests(data: Buffer): Buffer {
  const digests: Buffer[] = [];
  for (let at = 0; at < data.length; at += CHUNK) {
    digests.push(
      createHash('sha256')
        .update(data.subarray(at, at + CHUNK))
        .digest(),
    );
  }
  return Buffer.concat(digests);
}
