/**
 * Runs inside the lab: reads lists of changes with the program's own code, compares two devices in full, and writes
 * to a device at random. What it finds goes to standard output as JSON, what it writes as `start length` lines.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { ChangeList } from '../../src/lvm/change-list.ts';
import { cowList } from '../../src/lvm/cow-list.ts';
import { runCommand, streamCommand } from '../../src/lvm/spawn.ts';
import { thinList } from '../../src/lvm/thin-list.ts';
import { bytes } from '../../src/units.ts';

const [job = '', ...args] = process.argv.slice(2);
const JOBS: Record<string, (...args: string[]) => Promise<void>> = { cow, thin, differ, write };
await JOBS[job]?.(...args);

async function cow(group = '', snapshot = '', size = '', before = ''): Promise<void> {
  const { signal } = new AbortController();
  print(await cowList({ group, snapshot, span: spanOf(size, before) }, { run: runCommand, signal }));
}

async function thin(group = '', pool = '', base = '', now = '', size = '', before = ''): Promise<void> {
  const pair = { group, pool, base: Number(base), now: Number(now), span: spanOf(size, before) };
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('stopped')));
  const { signal } = stop;
  print(await thinList(pair, { run: runCommand, stream: streamCommand, signal }));
}

function spanOf(size: string, before: string) {
  return { size: bytes(Number(size)), before: bytes(Number(before)) };
}

function print(list: ChangeList): void {
  const ranges = 'ranges' in list ? [...list.ranges].map(({ start, length }) => [start, length]) : null;
  console.log(JSON.stringify(ranges === null ? list : { ranges }));
}

/** The blocks of 4 KiB that differ, as far as both devices go. */
async function differ(first = '', second = ''): Promise<void> {
  const devices = [await open(first), await open(second)] as const;
  const pieces = [Buffer.alloc(2 ** 20), Buffer.alloc(2 ** 20)] as const;
  const blocks: number[] = [];
  for (let offset = 0; ; offset += 2 ** 20) {
    const lengths = await Promise.all(
      devices.map((device, side) => fill(device, pieces[side as 0 | 1], offset)),
    );
    const length = Math.min(...lengths);
    for (let at = 0; at < length; at += 4096) {
      const [one, other] = [pieces[0].subarray(at, at + 4096), pieces[1].subarray(at, at + 4096)];
      if (!one.equals(other)) blocks.push((offset + at) / 4096);
    }
    if (length < 2 ** 20) break;
  }
  console.log(JSON.stringify(blocks));
}

async function fill(device: FileHandle, buffer: Buffer, offset: number): Promise<number> {
  return (await device.read(buffer, 0, buffer.length, offset)).bytesRead;
}

/** Without end: up to 32 KiB at any sector, flushed one by one, each told before it is done. */
async function write(path = '', size = ''): Promise<void> {
  const device = await open(path, 'r+');
  for (;;) {
    const length = 512 * randomInt(1, 65);
    const start = 512 * randomInt(0, Number(size) / 512 - 64);
    console.log(`${start} ${length}`);
    await device.write(randomBytes(length), 0, length, start);
    await device.datasync();
  }
}
