/** Reads what a restore point holds, past the page cache, and holds it against what it should be. Writes nothing. */
import { randomInt } from 'node:crypto';
import { type ByteRange, RangeSet } from '../ranges.ts';
import { type Bytes, bytes } from '../units.ts';
import type { DigestTask } from './block.ts';
import { allBlocks, type Block, bytesIn } from './blocks.ts';
import { CHUNK, rangeOf } from './chunk.ts';
import { RootDigest } from './digest.ts';
import { ENTRY_BYTES, type Entries, entryAt, isKnown, newKey, sha256Of } from './entry.ts';
import { openLanes } from './lanes.ts';
import type { OpenManifest } from './manifest-reader.ts';
import type { OpenSource } from './open-end.ts';
import { runPass } from './pass.ts';
import { type Progress, ProgressMeter } from './progress.ts';
import { shapeFor } from './shape.ts';

export interface PointReading {
  readonly source: OpenSource;
  /** How many bytes, from the start. */
  readonly size: Bytes;
  /** One that describes this very content; null where there is none. */
  readonly manifest: OpenManifest | null;
  /** Percent of the blocks, chosen by chance; null: all. */
  readonly sample: number | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface PointRead {
  /** `sha256-256KiB:<hex>`; null where not all was read. */
  readonly digest: string | null;
  /** Chunks that are not what the manifest says, neighbours as one; null where no manifest tells. */
  readonly wrong: readonly ByteRange[] | null;
  /** What the device could not give. */
  readonly unreadable: readonly ByteRange[];
  readonly bytes: Bytes;
}

/** Throws CopyError where the device is gone, or the signal's reason. */
export async function readPoint(reading: PointReading): Promise<PointRead> {
  const { source, size, manifest, sample, signal } = reading;
  const shape = shapeFor({ source, target: source, rate: null }, 'full', size);
  const blocks =
    sample === null ? [...allBlocks(0, size, shape.blockSize)] : sampleOf(size, shape.blockSize, sample);
  const found = new Findings(manifest, size);
  const root = sample === null ? new RootDigest() : null;
  const meter = new ProgressMeter(reading.onProgress);
  const lanes = openLanes({ source, target: readOnly(source), key: newKey() }, shape);
  try {
    meter.begin('verify', bytesIn(blocks));
    await runPass<DigestTask>({
      ...{ lanes, rate: null, signal, tasks: tasksOf(blocks) },
      onDone: async (task, { entries, unreadable }) => {
        if (entries) root?.add(entries);
        await found.look(task, entries, unreadable);
        meter.add({ done: task.length, read: task.length, written: 0 });
      },
    });
    meter.end();
    await source.forget();
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return { digest: root?.text() ?? null, ...found.result(), bytes: bytesIn(blocks) };
}

async function* tasksOf(blocks: readonly Block[]): AsyncGenerator<DigestTask> {
  for (const block of blocks) yield { op: 'digest', ...block };
}

/** The lanes have two ends; of this one nothing is asked. */
function readOnly(source: OpenSource) {
  return { ...source, write: () => Promise.reject(new Error(`${source.name} is only read`)) };
}

/** Other blocks each time, so that in the course of many samples all are read. At least one. */
export function sampleOf(size: Bytes, blockSize: number, percent: number): Block[] {
  const left = [...allBlocks(0, size, blockSize)];
  const count = Math.max(1, Math.ceil((left.length * percent) / 100));
  for (let taken = 0; taken < Math.min(count, left.length); taken++) {
    const other = randomInt(taken, left.length);
    [left[taken], left[other]] = [left[other] as Block, left[taken] as Block];
  }
  return left.slice(0, count).sort((a, b) => a.offset - b.offset);
}

/** What was found to be wrong so far. */
class Findings {
  readonly #wrong = new RangeSet();
  readonly #unreadable = new RangeSet();

  constructor(
    readonly manifest: OpenManifest | null,
    readonly size: Bytes,
  ) {}

  async look(
    { offset }: DigestTask,
    entries: Entries | null,
    unreadable: readonly ByteRange[],
  ): Promise<void> {
    for (const { start, length } of unreadable) this.#unreadable.add(start, length);
    if (!this.manifest || !entries) return;
    const first = offset / CHUNK;
    const count = entries.length / ENTRY_BYTES;
    const known = await this.manifest.pages.entries(first, count);
    for (let index = 0; index < count; index++) {
      const entry = entryAt(known, index);
      if (!isKnown(entry) || sha256Of(entry).equals(sha256Of(entryAt(entries, index)))) continue;
      const { start, length } = rangeOf(first + index, first + index + 1, this.size);
      this.#wrong.add(start, length);
    }
  }

  result(): Pick<PointRead, 'wrong' | 'unreadable'> {
    return { wrong: this.manifest && [...this.#wrong], unreadable: [...this.#unreadable] };
  }
}

/** The places in the words of a verdict: null where nothing tells them. */
export function placesOf({ wrong, unreadable }: Pick<PointRead, 'wrong' | 'unreadable'>): ByteRange[] | null {
  const all = new RangeSet();
  for (const { start, length } of [...(wrong ?? []), ...unreadable]) all.add(start, length);
  const places = [...all].map(({ start, length }) => ({ start: bytes(start), length: bytes(length) }));
  return places.length > 0 ? places : null;
}
