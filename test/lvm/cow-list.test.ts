import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ListFault } from '../../src/lvm/change-list.ts';
import { cowList, openStore } from '../../src/lvm/cow-list.ts';
import type { CommandResult } from '../../src/lvm/spawn.ts';
import { bytes } from '../../src/units.ts';
import { answered } from './answers.ts';
import { MadeStore } from './cow-store.ts';

const SECTORS = 80_000;
const SIZE = bytes(SECTORS * 512);
const BASE = { group: 'my-vg', snapshot: 'root-base', span: { size: SIZE, before: SIZE } };
const HEALTHY = `0 ${SECTORS} snapshot 64/4096 16\n`;

type Answer = Partial<CommandResult> | string;

/** The list of a made store, with what the kernel says before and after it is read. */
async function list(
  before: Answer,
  after: Answer = before,
  store = new MadeStore({ olds: [1, 2, 5], size: 4096 * 512 }),
) {
  const seen: string[] = [];
  const said = [before, after];
  const result = await cowList(BASE, {
    signal: new AbortController().signal,
    run: async (argv) => {
      seen.push(argv.join(' '));
      return answered(argv, said.shift() ?? '');
    },
    open: async (path) => {
      seen.push(`open ${path}`);
      return {
        read: (length, offset) => store.read(length, offset),
        close: async () => {
          seen.push('close');
        },
      };
    },
  });
  return { result, seen };
}

async function faultOf(before: Answer, after?: Answer): Promise<ListFault> {
  const { result, seen } = await list(before, after);
  if ('ranges' in result) throw new Error('there is a list');
  expect(seen.filter((line) => line === 'close')).toHaveLength(
    seen.filter((line) => line.startsWith('open')).length,
  );
  return result.fault;
}

describe('the list of a thick base', () => {
  test('is read between two looks at the state of the snapshot', async () => {
    const { result, seen } = await list(HEALTHY);
    expect('ranges' in result && [...result.ranges]).toEqual([
      { start: 4096, length: 8192 },
      { start: 5 * 4096, length: 4096 },
    ]);
    expect(seen).toEqual([
      'dmsetup status my--vg-root--base',
      'open /dev/mapper/my--vg-root--base-cow',
      'dmsetup status my--vg-root--base',
      'close',
    ]);
  });

  test.each([
    [`0 ${SECTORS} snapshot Invalid\n`, 'overflowed', 'my-vg/root-base: it has overflown'],
    [`0 ${SECTORS} snapshot Overflow\n`, 'overflowed', 'my-vg/root-base: it has overflown'],
    [
      `0 ${SECTORS} snapshot Merge failed\n`,
      'merge-failed',
      'my-vg/root-base: it was being merged into its origin, and that failed',
    ],
    [
      `0 ${SECTORS} snapshot-merge 16/4096 16\n`,
      'merging',
      'my-vg/root-base: it is being merged into its origin',
    ],
    [`0 ${SECTORS} snapshot Unknown\n`, 'no-status', 'my-vg/root-base: the kernel says of it: Unknown'],
    [`0 ${SECTORS} linear\n`, 'no-status', 'my-vg/root-base: it is no snapshot but of the kind linear'],
    [
      `0 8 snapshot 16/4096 16\n8 8 snapshot 16/4096 16\n`,
      'no-status',
      'my-vg/root-base: the kernel says of it: 0 8 snapshot 16/4096 16\n8 8 snapshot 16/4096 16',
    ],
    ['', 'no-status', 'my-vg/root-base: the kernel says of it: '],
    [
      { exitCode: 1, stderr: 'Device does not exist.\nCommand failed.\n' },
      'no-status',
      'my-vg/root-base: its state is not known: Device does not exist.',
    ],
    [
      `0 ${SECTORS + 8} snapshot 64/4096 16\n`,
      'wrong-size',
      `my-vg/root-base: it shows ${SIZE + 4096} bytes, and the volume has ${SIZE}`,
    ],
  ])('is none where the kernel says %j, before or after', async (said, code, text) => {
    expect(await faultOf(said)).toEqual({ code, text });
    expect(await faultOf(HEALTHY, said)).toEqual({ code, text });
  });

  test('is none where the table is shorter than the kernel says', async () => {
    expect(await faultOf(`0 ${SECTORS} snapshot 64/4096 24\n`)).toMatchObject({ code: 'too-short' });
  });

  test('is none of a store that is no store', async () => {
    const store = new MadeStore({ olds: [1], size: 4096 * 512 });
    store.setHeader('magic', 0);
    const { result } = await list(HEALTHY, HEALTHY, store);
    expect(result).toEqual({
      fault: { code: 'not-a-store', text: 'my-vg/root-base: its store has no header of a snapshot' },
    });
  });

  test('ends with the signal, and the device is closed', async () => {
    const reason = new Error('stop');
    let closed = false;
    const store = new MadeStore({ olds: [1] });
    const stop = new AbortController();
    const listed = cowList(BASE, {
      signal: stop.signal,
      run: async (argv) => answered(argv, HEALTHY),
      open: async () => ({
        read: async (length, offset) => {
          stop.abort(reason);
          return store.read(length, offset);
        },
        close: async () => {
          closed = true;
        },
      }),
    });
    await expect(listed).rejects.toBe(reason);
    expect(closed).toBe(true);
  });
});

describe('a store that is opened past the page cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const path = join(folder, 'store');
  afterEach(() => rmSync(path, { force: true }));

  test('gives what is at a place, in one buffer', async () => {
    writeFileSync(path, Buffer.concat([Buffer.alloc(4096, 1), Buffer.alloc(8192, 2)]));
    const store = await openStore(path);
    expect((await store.read(4096, 0)).equals(Buffer.alloc(4096, 1))).toBe(true);
    expect((await store.read(8192, 4096)).equals(Buffer.alloc(8192, 2))).toBe(true);
    await expect(store.read(8192, 8192)).rejects.toMatchObject({ code: 'unreadable' });
    await store.close();
  });

  test('that is not there is a reason', async () => {
    await expect(openStore(path)).rejects.toMatchObject({ code: 'unreadable', message: /ENOENT/ });
  });
});
