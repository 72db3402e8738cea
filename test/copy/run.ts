/** A copy in few words. */
import { createHash } from 'node:crypto';
import { CHUNK } from '../../src/copy/chunk.ts';
import { type CopyOptions, copy } from '../../src/copy/copy.ts';

type Ends = Pick<CopyOptions, 'source' | 'target'>;

/** In full, with nothing kept and nothing read back, unless told otherwise. */
export function run(ends: Ends, options: Partial<CopyOptions> = {}) {
  return copy({
    ...ends,
    ...{ size: ends.source.size, mode: 'full', list: null, manifest: null, verify: 'none', rate: null },
    ...{ onReadError: 'stop', targetReadsZero: false, signal: new AbortController().signal },
    onProgress: () => {},
    ...options,
  });
}

/** The contract's definition, written plainly. */
export function digestOf(data: Buffer): string {
  const root = createHash('sha256');
  for (let at = 0; at < data.length; at += CHUNK) {
    root.update(
      createHash('sha256')
        .update(data.subarray(at, at + CHUNK))
        .digest(),
    );
  }
  return `sha256-256KiB:${root.digest('hex')}`;
}
