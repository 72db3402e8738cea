/** Lanes in threads do what lanes here do, and what goes wrong in a thread is told as if it went wrong here. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockTask, CopyTask } from '../../src/copy/block.ts';
import { CHUNK } from '../../src/copy/chunk.ts';
import { CopyError } from '../../src/copy/copy-error.ts';
import { EntryMaker, entryAt, noEntries } from '../../src/copy/entry.ts';
import { type Lane, openLanes } from '../../src/copy/lanes.ts';
import { type OpenSource, type OpenTarget, openSource, openTarget } from '../../src/copy/open-end.ts';
import { runPass } from '../../src/copy/pass.ts';
import { bytes, MiB } from '../../src/units.ts';

const SIZE = 3 * MiB + 2 * CHUNK + 777;
const KEY = Buffer.from('0123456789abcdef');
const maker = new EntryMaker(KEY);

let folder: string;
let data: Buffer;
let old: Buffer;
let source: OpenSource;
let target: OpenTarget;
const lanes: Lane[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lanes-'));
  data = randomBytes(SIZE);
  data.fill(0, 2 * MiB, 2 * MiB + CHUNK);
  old = Buffer.from(data);
  old[MiB + 5] = (old[MiB + 5] ?? 0) ^ 1;
  old.fill(7, 2 * MiB, 2 * MiB + CHUNK);
  writeFileSync(join(folder, 'source'), data);
  writeFileSync(join(folder, 'target'), old);
  source = await openSource(join(folder, 'source'));
  target = await openTarget(join(folder, 'target'));
});
afterEach(async () => {
  await Promise.all(lanes.splice(0).map((lane) => lane.close()));
  await Promise.all([source.close(), target.close()]);
  rmSync(folder, { recursive: true });
});

type Ends = { source: OpenSource; target: OpenTarget };

function opened(threads: boolean, count = 1, ends: Ends = { source, target }): Lane[] {
  const more = openLanes({ ...ends, key: KEY }, { lanes: count, blockSize: MiB, threads });
  lanes.push(...more);
  return more;
}

function lane(threads: boolean, ends?: Ends): Lane {
  return opened(threads, 1, ends)[0] as Lane;
}

function copyTask(offset: number, traits: Partial<CopyTask> = {}): CopyTask {
  const length = Math.min(MiB, SIZE - offset);
  return {
    ...{ op: 'copy', offset, length, known: noEntries(Math.ceil(length / CHUNK)), unknown: 'look' },
    ...{ mayWrite: true, leaveZeros: false, onReadError: 'stop' },
    ...traits,
  };
}

/** Entries of the block as `content` has it. */
function entriesOf(content: Buffer, offset: number) {
  const block = content.subarray(offset, Math.min(offset + MiB, SIZE));
  const entries = noEntries(Math.ceil(block.length / CHUNK));
  for (let index = 0; index * CHUNK < block.length; index++) {
    maker.entry(block.subarray(index * CHUNK, (index + 1) * CHUNK), false).copy(entryAt(entries, index));
  }
  return entries;
}

describe('what a block comes to is the same here and in a thread', () => {
  const last = 3 * MiB;
  const cases: [string, () => BlockTask][] = [
    ['looked at, and different', () => copyTask(MiB)],
    ['looked at, and equal', () => copyTask(0)],
    ['looked at, the last one', () => copyTask(last)],
    ['written without a look', () => copyTask(MiB, { unknown: 'write' })],
    ['written without entries', () => copyTask(4096 * 5, { known: null, unknown: 'write' })],
    ['known, and as it was', () => copyTask(0, { known: entriesOf(old, 0) })],
    ['known, and another', () => copyTask(MiB, { known: entriesOf(old, MiB) })],
    ['may not be written', () => copyTask(MiB, { mayWrite: false })],
    ['zeros that are left out', () => copyTask(2 * MiB, { leaveZeros: true, unknown: 'write' })],
    ['zeros that are not', () => copyTask(2 * MiB)],
    [
      'checked, and right',
      () => ({ op: 'check', offset: last, length: SIZE - last, known: entriesOf(old, last) }),
    ],
    ['checked, and wrong', () => ({ op: 'check', offset: MiB, length: MiB, known: entriesOf(data, MiB) })],
    ['checked, and unknown', () => ({ op: 'check', offset: MiB, length: MiB, known: noEntries(4) })],
    ['compared, and different', () => ({ op: 'compare', offset: MiB, length: MiB })],
    ['compared, and equal', () => ({ op: 'compare', offset: 0, length: MiB })],
  ];
  test.each(cases)('%s', async (_, task) => {
    const here = await lane(false).run(task());
    const after = readFileSync(join(folder, 'target'));
    writeFileSync(join(folder, 'target'), old);
    const there = await lane(true).run(task());
    expect(there).toEqual(here);
    expect(readFileSync(join(folder, 'target')).equals(after)).toBe(true);
  });

  test.each([false, true])('and it is right; in a thread: %s', async (threads) => {
    const one = lane(threads);
    expect(await one.run(copyTask(MiB, { mayWrite: false }))).toMatchObject({
      held: true,
      ranges: [],
      entries: null,
    });
    expect(readFileSync(join(folder, 'target')).equals(old)).toBe(true);
    const done = await one.run(copyTask(MiB, { known: entriesOf(old, MiB) }));
    expect(done).toMatchObject({ held: false, bytesRead: { source: MiB, target: 0 } });
    expect(done.ranges).toEqual([{ start: MiB, length: CHUNK }]);
    expect(done.entries?.equals(entriesOf(data, MiB))).toBe(true);
    const zeros = await one.run(copyTask(2 * MiB, { leaveZeros: true, unknown: 'write' }));
    expect(zeros).toMatchObject({ leftZero: CHUNK, ranges: [{ start: 2 * MiB + CHUNK, length: 3 * CHUNK }] });
    await one.run(copyTask(2 * MiB));
    expect(readFileSync(join(folder, 'target')).equals(data)).toBe(true);
  });
});

describe('an error in a thread has its side, device, offset and code', () => {
  test('a source that ended', async () => {
    const longer = { ...source, end: { ...source.end, size: bytes(9 * MiB) } };
    const reading = lane(true, { source: longer, target }).run({
      ...copyTask(0),
      offset: 8 * MiB,
      length: MiB,
    });
    await expect(reading).rejects.toMatchObject({
      ...{ side: 'source', device: source.name, offset: 8 * MiB, what: 'the device ended before its size' },
    });
    await expect(reading).rejects.toBeInstanceOf(CopyError);
  });

  test.each(['source', 'target'] as const)('a %s whose descriptor is gone', async (side) => {
    const ends = { source, target };
    const gone = { ...ends[side], end: { ...ends[side].end, direct: null, plain: 12_345 } };
    const one = lane(true, { ...ends, [side]: gone });
    for (const offset of [MiB, 0]) {
      await expect(one.run({ op: 'compare', offset, length: MiB })).rejects.toMatchObject({
        ...{ side, device: join(folder, side), offset, cause: { code: 'EBADF' } },
      });
    }
  });
});

describe('a thread that dies', () => {
  /** No part of the engine makes such a task: it ends the thread as a defect would. */
  const deadly = { op: 'check', offset: 0, length: MiB, known: {} } as unknown as BlockTask;

  test('fails what it works on, and whatever it is given then', async () => {
    const one = lane(true);
    await expect(one.run(deadly)).rejects.toThrow(TypeError);
    await expect(one.run(copyTask(0))).rejects.toThrow(TypeError);
  });

  test('fails the pass, and the others come to rest', async () => {
    async function* tasks() {
      for (let round = 0; round < 200; round++) yield round === 30 ? deadly : copyTask(0);
    }
    const pass = runPass<BlockTask>({
      ...{ lanes: opened(true, 3), tasks: tasks(), rate: null, signal: new AbortController().signal },
      onDone: () => {},
    });
    await expect(pass).rejects.toThrow(TypeError);
  });

  test('because it was closed says so', async () => {
    const one = lane(true);
    await one.run(copyTask(0));
    await one.close();
    await expect(one.run(copyTask(0))).rejects.toThrow('a thread of the copy ended');
  });
});

test('the memory of threads that were closed is free again', async () => {
  const round = async () => {
    const some = opened(true, 4);
    await Promise.all(some.map((one) => one.run({ op: 'compare', offset: 0, length: MiB })));
    await Promise.all(some.map((one) => one.close()));
    lanes.length = 0;
  };
  for (let first = 0; first < 2; first++) await round();
  const before = process.memoryUsage().rss;
  // Kept, they would take some 40 MiB each time.
  for (let more = 0; more < 10; more++) await round();
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * MiB);
});
