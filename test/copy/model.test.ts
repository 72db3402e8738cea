/**
 * The engine against everything that may happen to it, by chance: a source that changes, grows and takes back what it
 * changed; a program that is killed at any operation, or a machine that stops and keeps what it likes of what was not
 * flushed; manifests that are damaged, swapped, put back from before or lost; lists that name what changed, and more.
 *
 * Whatever comes: what is called complete is what the source is, and no torn copy shows its first MiB.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes, MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget, PowerCut } from './memory-ends.ts';
import { digestOf, run } from './run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-model-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CHUNKS = 9;

type Event =
  | { do: 'change'; chunk: number; value: number }
  | { do: 'discard'; chunk: number }
  | { do: 'take back' }
  | { do: 'grow' }
  | { do: 'lose manifest' }
  | { do: 'damage manifest'; at: number }
  | { do: 'swap manifest' }
  | { do: 'old manifest' }
  | {
      do: 'run';
      list: boolean;
      verify: 'none' | 'written' | 'full';
      cut: number | null;
      power: boolean;
      survives: number;
    };

const anEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      chunk: fc.nat(CHUNKS - 1),
      value: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), chunk: fc.nat(CHUNKS - 1) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'take back' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'grow' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'lose manifest' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage manifest' as const), at: fc.nat(9_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'swap manifest' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'old manifest' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      list: fc.boolean(),
      verify: fc.constantFrom('none' as const, 'written' as const, 'full' as const),
      cut: fc.option(fc.nat(12), { freq: 2 }),
      power: fc.boolean(),
      survives: fc.nat(2 ** 30),
    }),
  },
);

class World {
  readonly source = new MemorySource(randomBytes(CHUNKS * CHUNK - 4096));
  readonly target = new MemoryTarget(randomBytes(CHUNKS * CHUNK - 4096));
  readonly path = join(folder, `manifest-${Math.random()}`);
  /** What the volume's tags say: the digest of a complete copy, or that there is none. */
  digest: string | null = null;
  complete = false;
  /** The source when the target was last complete: what a base snapshot would be. */
  base: Buffer | null = null;
  older: Buffer | null = null;
  cuts = 0;
  completed = 0;

  /** `tags`: whether something beside the manifest tells what the target holds, as LVM's tags do. */
  constructor(readonly tags: boolean) {}

  async take(event: Event): Promise<void> {
    const { content } = this.source;
    switch (event.do) {
      case 'change':
        content.fill(event.value, event.chunk * CHUNK + 300, event.chunk * CHUNK + 400);
        break;
      case 'discard':
        content.fill(0, event.chunk * CHUNK, Math.min(content.length, (event.chunk + 1) * CHUNK));
        break;
      case 'take back':
        if (this.base) this.base.copy(content);
        break;
      case 'grow':
        this.source.content = Buffer.concat([content, randomBytes(CHUNK / 2)]);
        this.target.grow(bytes(this.source.content.length));
        break;
      case 'run':
        await this.run(event);
        break;
      default:
        this.harm(event);
    }
  }

  /** Of the manifest. What is put back is whole in itself, and of the wrong target or time. */
  harm(event: Exclude<Event, { do: 'run' | 'change' | 'discard' | 'take back' | 'grow' }>): void {
    if (!existsSync(this.path)) return;
    switch (event.do) {
      case 'lose manifest':
        rmSync(this.path);
        break;
      case 'damage manifest': {
        const data = readFileSync(this.path);
        const at = event.at % data.length;
        data[at] = (data[at] ?? 0) ^ 0x10;
        writeFileSync(this.path, data);
        break;
      }
      case 'swap manifest':
        if (existsSync(`${folder}/other`)) copyFileSync(`${folder}/other`, this.path);
        break;
      case 'old manifest':
        // Without tags nothing could tell it from the newest.
        if (this.older && this.tags) writeFileSync(this.path, this.older);
    }
  }

  async run({ list, verify, cut, power, survives }: Extract<Event, { do: 'run' }>): Promise<void> {
    const before = existsSync(this.path) ? readFileSync(this.path) : null;
    if (cut !== null) this.target.cutAfter = cut;
    const { digest, complete } = this;
    const old = Buffer.from(this.target.seen);
    // The tags say incomplete before the first byte, as the runner's commands do.
    this.digest = null;
    this.complete = false;
    try {
      const result = await run(
        { source: this.source.open(), target: this.target.open() },
        {
          mode: complete || !this.tags ? 'changed' : 'full',
          list: list && this.base ? this.changesSince(this.base, survives) : null,
          manifest: { path: this.path, source: 'S', target: 'T', digest: this.tags ? digest : null },
          verify,
        },
      );
      this.target.cutAfter = Number.POSITIVE_INFINITY;
      this.expectWhole(result.digest);
      this.digest = result.digest;
      this.complete = true;
      this.base = Buffer.from(this.source.content);
      this.completed++;
      if (before) this.older = before;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.cuts++;
      let dice = survives;
      const survived = () => {
        dice = (dice * 1_103_515_245 + 12_345) % 2 ** 31;
        return dice > 2 ** 30;
      };
      if (power) this.target.restart(survived);
      else this.target.startAgain();
      this.expectHiddenOr(old);
    }
  }

  changesSince(base: Buffer, extra: number): RangeSet {
    const list = new RangeSet();
    const { content } = this.source;
    for (let at = 0; at < content.length; at += 4096) {
      if (!content.subarray(at, at + 4096).equals(base.subarray(at, at + 4096))) list.add(at, 4096);
    }
    // A list may name more than changed.
    list.add((extra % (CHUNKS - 1)) * CHUNK, 512);
    return list;
  }

  expectWhole(digest: string | null): void {
    const { content } = this.source;
    expect(this.target.seen.subarray(0, content.length).equals(content)).toBe(true);
    expect(digest).toBe(digestOf(content));
    // What is on stable storage is the same: a power cut now loses nothing.
    this.target.restart(() => false);
    expect(this.target.seen.subarray(0, content.length).equals(content)).toBe(true);
  }

  /** After a cut the target is what it was, or what it was to become, or its first MiB is not to be seen. */
  expectHiddenOr(old: Buffer): void {
    const { seen } = this.target;
    const { content } = this.source;
    if (seen.equals(old) || seen.subarray(0, content.length).equals(content)) return;
    // The head is the last that is written: with all the rest in its place it may be there in part.
    if (seen.subarray(MiB, content.length).equals(content.subarray(MiB))) return;
    const head = seen.subarray(0, MiB);
    if (head.every((byte) => byte === 0)) return;
    expect(head.equals(old.subarray(0, MiB))).toBe(false);
    expect(head.equals(content.subarray(0, MiB))).toBe(false);
  }
}

/** Sequences of events, of some eight runs each. */
const rounds = Number(process.env.ROUNDS ?? 200);

test('what is called complete is whole, whatever happened before', {
  timeout: 60_000 + rounds * 3000,
}, async () => {
  // A manifest of another target, to be put in the place of the right one.
  await run(
    {
      source: new MemorySource(randomBytes(CHUNKS * CHUNK - 4096)).open(),
      target: new MemoryTarget(Buffer.alloc(CHUNKS * CHUNK - 4096)).open(),
    },
    { manifest: { path: join(folder, 'other'), source: 'S', target: 'U', digest: null } },
  );
  let cuts = 0;
  let completed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(anEvent, { minLength: 6, maxLength: 30 }),
      async (tags, events) => {
        const world = new World(tags);
        for (const event of events) await world.take(event);
        await world.take({ do: 'run', list: true, verify: 'none', cut: null, power: true, survives: 1 });
        cuts += world.cuts;
        completed += world.completed;
      },
    ),
    { numRuns: rounds },
  );
  // Chance must have led through both.
  expect(cuts).toBeGreaterThan(rounds);
  expect(completed).toBeGreaterThan(rounds);
});
