/** A list of a volume whose manifest is longer than what is read of it in one go, on ends that hold only what is not zero. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, GiB, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget } from './memory-ends.ts';
import { run } from './run.ts';

const SIZE = bytes(3 * GiB);
const CHUNKS = SIZE / CHUNK;

/** Chunks that are not zero. */
class Sparse {
  readonly chunks = new Map<number, Buffer>();

  read = async (buffer: Buffer, offset: number) => {
    // Some take longer than others, so that blocks end in another order than they began.
    for (let turns = (offset / CHUNK) % 5; turns > 0; turns--) await turn();
    for (let at = 0; at < buffer.length; at += CHUNK) {
      const chunk = this.chunks.get((offset + at) / CHUNK);
      if (chunk) chunk.copy(buffer, at);
      else buffer.fill(0, at, at + CHUNK);
    }
  };

  write = async (buffer: Buffer, offset: number) => {
    for (let at = 0; at < buffer.length; at += CHUNK) {
      this.chunks.set((offset + at) / CHUNK, Buffer.from(buffer.subarray(at, at + CHUNK)));
    }
  };

  digest(): string {
    const root = createHash('sha256');
    const sum = (data: Buffer) => createHash('sha256').update(data).digest();
    const zero = sum(Buffer.alloc(CHUNK));
    for (let index = 0; index < CHUNKS; index++) {
      const chunk = this.chunks.get(index);
      root.update(chunk ? sum(chunk) : zero);
    }
    return `sha256-256KiB:${root.digest('hex')}`;
  }
}

test('what is carried over and what is looked at do not disturb one another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'copy-large-'));
  try {
    const [from, to] = [new Sparse(), new Sparse()];
    for (let index = 0; index < CHUNKS; index += 7) from.chunks.set(index, Buffer.alloc(CHUNK, `${index} `));
    const ends = () => {
      const source = { ...new MemorySource(Buffer.alloc(0)).open(), size: SIZE, read: from.read };
      const target = { ...new MemoryTarget(Buffer.alloc(0)).open(), size: SIZE, ...to };
      return { source, target };
    };
    const manifest = { path: join(folder, 'manifest'), source: 'S', target: 'T', digest: null };
    // Ends in memory have no descriptors that threads could use; limited copies have no threads.
    const usual = { manifest, rate: 1e12, size: SIZE };
    await run(ends(), { ...usual, targetReadsZero: true });

    const list = new RangeSet();
    for (let index = 40; index < CHUNKS; index += 97) {
      list.add(index * CHUNK, 512);
      // Some become what another chunk is, zeros above all.
      const other = from.chunks.get(index - 35);
      if (index % 3 === 0) from.chunks.delete(index);
      else from.chunks.set(index, other ? Buffer.from(other) : randomBytes(CHUNK));
    }
    const result = await run(ends(), { ...usual, mode: 'changed', list });
    expect(result.mode).toBe('list');
    expect(result.digest).toBe(from.digest());
    expect(to.digest()).toBe(from.digest());
    expect(result.bytesRead.source).toBeLessThan(MiB + list.count * CHUNK + 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
