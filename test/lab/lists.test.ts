/**
 * What changed between two snapshots, read from live volumes under a writer: everything that a full compare finds, and
 * nothing that nobody wrote to.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from './job.ts';
import { MiB, volume } from './lvm.ts';
import { PROJECT } from './machine.ts';
import { sh } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const TOOL = [process.execPath, join(PROJECT, 'dist/tools/lists.mjs')];
const SIZE = 64 * MiB;

let on: Lab;
beforeAll(async () => {
  on = await bootLab({ disks: [{ size: 800 * MiB }], services: 'udev' });
  await sh(
    on,
    `
    vgcreate -q my-vg /dev/vda
    lvcreate -q -y -L ${SIZE}b -n root-data my-vg
    lvcreate -q -y --type thin-pool -L 200m --chunksize 64k -n the-pool my-vg
    lvcreate -q -y --thin -V ${SIZE}b -n thin-data my-vg/the-pool
  `,
  );
});
afterAll(() => on?.close());

type Range = readonly [start: number, length: number];
interface List {
  readonly ranges?: readonly Range[];
  readonly fault?: { readonly code: string; readonly text: string };
}

async function ask<T>(...args: readonly (string | number)[]): Promise<T> {
  return JSON.parse(await on.ok(...TOOL, ...args.map(String))) as T;
}

/** A writer that goes on until it is stopped, and what it has said that it writes. */
function startWriter(device: string, size: number) {
  const job: Job = on.start([...TOOL, 'write', device, String(size)]);
  const written = (): Range[] =>
    (job.stdout.match(/^\d+ \d+$/gm) ?? []).map((line) => line.split(' ').map(Number) as unknown as Range);
  return {
    written,
    /** Until it has written so many times more. */
    more: (count: number) => {
      const lines = written().length + count;
      return job.until(new RegExp(`(\\d+ \\d+\\n){${lines}}`));
    },
    async stop() {
      job.kill('SIGKILL');
      await job.wait();
    },
  };
}

/** The numbers of the blocks of that size that ranges touch. */
function blocksOf(ranges: readonly Range[], size: number): Set<number> {
  const blocks = new Set<number>();
  for (const [start, length] of ranges) {
    for (let block = Math.floor(start / size); block * size < start + length; block++) blocks.add(block);
  }
  return blocks;
}

/** Those of `some` that are not in `all`. */
const missing = (some: Iterable<number>, all: Set<number>) => [...some].filter((one) => !all.has(one));

describe('the COW table of a base snapshot', () => {
  test.each([4, 64])('in chunks of %i KiB names what was written, no more and no less', async (kib) => {
    const chunk = kib * 1024;
    await sh(on, `lvcreate -q -y -s -pr -c ${kib}k -l 100%ORIGIN -n the-base my-vg/root-data`);
    const writer = startWriter('/dev/my-vg/root-data', SIZE);
    await writer.more(150);
    await sh(on, 'lvcreate -q -y -s -pr -l 100%ORIGIN -n the-new my-vg/root-data');
    const list = await ask<List>('cow', 'my-vg', 'the-base', SIZE, SIZE);
    await writer.more(1);
    const written = writer.written();
    await writer.more(20);
    await writer.stop();

    const ranges = list.ranges ?? [];
    expect(list.fault).toBeUndefined();
    const differing = await ask<number[]>('differ', '/dev/my-vg/the-base', '/dev/my-vg/the-new');
    expect(differing.length).toBeGreaterThan(300);
    expect(missing(differing, blocksOf(ranges, 4096))).toEqual([]);
    expect(missing(blocksOf(ranges, chunk), blocksOf(written, chunk))).toEqual([]);
    await sh(on, 'lvremove -q -y my-vg/the-base my-vg/the-new');
  });

  test('of an overflown base is not believed, nor that of one that is not active', async () => {
    await sh(
      on,
      `
      lvcreate -q -y -s -pr -L 4m -n the-base my-vg/root-data
      dd if=/dev/urandom of=/dev/my-vg/root-data bs=1M count=8 oflag=direct status=none
    `,
    );
    expect(await ask<List>('cow', 'my-vg', 'the-base', SIZE, SIZE)).toEqual({
      fault: { code: 'overflowed', text: 'my-vg/the-base: it has overflown' },
    });
    await sh(on, 'lvremove -q -y my-vg/the-base');
    expect(await ask<List>('cow', 'my-vg', 'the-base', SIZE, SIZE)).toMatchObject({
      fault: { code: 'no-status', text: expect.stringMatching(/^my-vg\/the-base: its state is not known: /) },
    });
  });

  test('of a volume that is no snapshot is none', async () => {
    expect(await ask<List>('cow', 'my-vg', 'thin-data', SIZE, SIZE)).toMatchObject({
      fault: { code: 'no-status' },
    });
  });
});

describe('the difference of two thin snapshots', () => {
  const GROWN = 16 * MiB;
  const BLOCK = 64 * 1024;
  const DISCARDED: readonly Range[] = [
    [8 * MiB, 4 * MiB],
    [20 * MiB + 4096, 300 * 1024],
  ];
  const ids: string[] = [];
  const args = (base = ids[0], now = ids[1]) =>
    ['thin', 'my-vg', 'the-pool', base ?? '', now ?? '', SIZE + GROWN, SIZE] as const;
  const thin = (...of: Parameters<typeof args>) => ask<List>(...args(...of));
  /** Where the pool's metadata snapshot is, `-` where there is none. */
  const held = async () => (await on.ok('dmsetup', 'status', 'my--vg-the--pool-tpool')).split(' ')[6];

  test('names what was written, discarded or added, no more and no less', async () => {
    await sh(
      on,
      `
      dd if=/dev/urandom of=/dev/my-vg/thin-data bs=1M count=32 oflag=direct status=none
      lvcreate -q -y -s -kn -pr -n thin-base my-vg/thin-data
    `,
    );
    const writer = startWriter('/dev/my-vg/thin-data', SIZE);
    await writer.more(40);
    for (const [start, length] of DISCARDED) {
      await on.ok('blkdiscard', '-o', String(start), '-l', String(length), '/dev/my-vg/thin-data');
    }
    await sh(on, `lvextend -q -L +${GROWN}b my-vg/thin-data`);
    await writer.more(10);
    await sh(on, 'lvcreate -q -y -s -kn -pr -n thin-new my-vg/thin-data');
    for (const name of ['thin-base', 'thin-new']) {
      ids.push((await volume(on, `my-vg/${name}`, 'thin_id')).thin_id ?? '');
    }
    const list = await thin();
    await writer.more(1);
    const written = writer.written();
    await writer.stop();

    const ranges = list.ranges ?? [];
    expect(list.fault).toBeUndefined();
    expect(await held()).toBe('-');
    const tail: Range = [SIZE, GROWN];
    const differing = await ask<number[]>('differ', '/dev/my-vg/thin-base', '/dev/my-vg/thin-new');
    // What was discarded held random bytes before.
    expect(missing(blocksOf([[8 * MiB, 4 * MiB]], 4096), new Set(differing))).toEqual([]);
    expect(missing(differing, blocksOf(ranges, 4096))).toEqual([]);
    expect(missing(blocksOf([tail], 4096), blocksOf(ranges, 4096))).toEqual([]);
    expect(missing(blocksOf(ranges, BLOCK), blocksOf([...written, ...DISCARDED, tail], BLOCK))).toEqual([]);
  });

  test("leaves somebody else's metadata snapshot alone, and says so", async () => {
    await sh(on, 'dmsetup message my--vg-the--pool-tpool 0 reserve_metadata_snap');
    const root = await held();
    expect(root).toMatch(/^\d+$/);
    expect(await thin()).toMatchObject({ fault: { code: 'held' } });
    expect(await held()).toBe(root);
    await sh(on, 'dmsetup message my--vg-the--pool-tpool 0 release_metadata_snap');
    expect((await thin()).ranges).toBeDefined();
  });

  test('of a volume that the pool does not have is none, and nothing stays reserved', async () => {
    expect(await thin(ids[0], '777')).toEqual({
      fault: {
        code: 'thin-delta-failed',
        text: expect.stringMatching(/^my-vg\/the-pool: thin_delta could not compare: .*777/),
      },
    });
    expect(await held()).toBe('-');
  });

  test('is given up when the run is stopped, and nothing stays reserved', async () => {
    await on.write('/usr/local/sbin/thin_delta', SLOW_THIN_DELTA, 0o755);
    const job = on.start([...TOOL, ...args().map(String)]);
    await sh(on, 'until test -e /tmp/comparing; do sleep 0.1; done');
    expect(await held()).not.toBe('-');
    job.kill('SIGINT');
    const { exitCode, stderr } = await job.wait();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Error: stopped');
    expect(await held()).toBe('-');
  });
});

const SLOW_THIN_DELTA = `#!/bin/sh
[ "$1" = -V ] && exec /usr/sbin/thin_delta -V
touch /tmp/comparing
exec sleep 1000
`;
