/** A list of a volume whose manifest is longer than what is read of it in one go, on ends that hold only what is not zero. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { EntryMaker, newKey } from '../../src/copy/entry.ts';
import { ManifestWriter } from '../../src/copy/manifest-writer.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, GiB, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget } from './memory-ends.ts';
import { run } from './run.ts';

const SIZE = bytes(64 * GiB);
const CHUNKS = SIZE / CHUNK;

/** Chunks that are not zero. */
class Sparse {
  readonly chunks = new Map<number, Buffer>();

  readonly read = async (buffer: Buffer, offset: number) => {
    // Some take longer than others, so that blocks end in another order than they began.
    for (let turns = (offset / CHUNK) % 5; turns > 0; turns--) await turn();
    for (let at = 0; at < buffer.length; at += CHUNK) {
      const chunk = this.chunks.get((offset + at) / CHUNK);
      if (chunk) chunk.copy(buffer, at);
      else buffer.fill(0, at, at + CHUNK);
    }
  };

  readonly write = async (buffer: Buffer, offset: number) => {
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

/** What a full copy would have left, without the hour that it takes. */
async function remembered(content: Sparse, path: string): Promise<void> {
  const key = newKey();
  const maker = new EntryMaker(key);
  const zero = maker.entry(Buffer.alloc(CHUNK), true);
  const facts = { target: 'T', source: 'S', size: SIZE, generation: 1, key };
  const writer = await ManifestWriter.create(path, facts);
  for (let index = 0; index < CHUNKS; index++) {
    const chunk = content.chunks.get(index);
    await writer.add(chunk ? maker.entry(chunk, false) : zero);
  }
  await writer.commit({ digest: await writer.end(), changed: null });
  await writer.close();
}

test('what is carried over and what is looked at do not disturb one another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'copy-large-'));
  try {
    const [from, to] = [new Sparse(), new Sparse()];
    for (let index = 0; index < CHUNKS; index += 700) {
      const chunk = Buffer.alloc(CHUNK, `${index} `);
      for (const side of [from, to]) side.chunks.set(index, chunk);
    }
    const path = join(folder, 'manifest');
    await remembered(to, path);

    const list = new RangeSet();
    for (let index = 900; index < CHUNKS; index += 611) {
      list.add(index * CHUNK, 512);
      if (index % 5 > 0) from.chunks.set(index, randomBytes(CHUNK));
    }
    const ends = {
      source: { ...new MemorySource(Buffer.alloc(0)).open(), size: SIZE, read: from.read },
      target: { ...new MemoryTarget(Buffer.alloc(0)).open(), size: SIZE, ...to },
    };
    const manifest = { path, source: 'S', target: 'T', digest: null };
    // Ends in memory have no descriptors that threads could use; limited copies have no threads.
    const result = await run(ends, { manifest, rate: 1e12, size: SIZE, mode: 'changed', list });
    expect(result.mode).toBe('list');
    expect(result.digest).toBe(from.digest());
    expect(to.digest()).toBe(from.digest());
    expect(result.bytesRead.source).toBe(MiB + list.count * CHUNK);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
