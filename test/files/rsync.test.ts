/** rsync as it is: what is heard of it, and how it fails and stops. */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rsync } from '../../src/files/rsync.ts';
import { compareContent, SOURCE_MOUNT, TARGET_MOUNT, transfer } from '../../src/plan/files.ts';
import { type Bytes, MiB } from '../../src/units.ts';

let root = '';
let lock = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rsync-'));
  for (const name of ['from', 'to']) mkdirSync(join(root, name));
  lock = openSync(join(root, 'lock'), 'w');
});
afterEach(() => {
  closeSync(lock);
  rmSync(root, { recursive: true, force: true });
});

/** The very command, with folders in place of the mounts. */
const here = (argv: readonly string[]) =>
  argv.map((word) => word.replace(SOURCE_MOUNT, join(root, 'from')).replace(TARGET_MOUNT, join(root, 'to')));

function run(argv: readonly string[], signal = new AbortController().signal) {
  const seen: number[] = [];
  const result = rsync({ argv: here(argv), signal, lock, onProgress: (done) => seen.push(done) });
  return { seen, result };
}

test('it tells how far it is, and what was written; what is gone in the source is deleted', async () => {
  writeFileSync(join(root, 'from/big'), Buffer.alloc(3 * MiB, 1));
  writeFileSync(join(root, 'from/small'), 'x');
  writeFileSync(join(root, 'to/gone'), 'x');
  const first = run(transfer(null));
  expect(await first.result).toMatchObject({ total: 3 * MiB + 1, written: 3 * MiB + 1 });
  expect(Math.max(...first.seen)).toBe(3 * MiB + 1);
  expect(() => readFileSync(join(root, 'to/gone'))).toThrow();
  writeFileSync(join(root, 'from/small'), 'yz');
  expect(await run(transfer(null)).result).toMatchObject({ total: 3 * MiB + 2, written: 2 });
});

test('a comparison of the content names what differs though size and time are the same, and writes nothing', async () => {
  writeFileSync(join(root, 'from/a'), 'one');
  await run(transfer(null)).result;
  expect((await run(compareContent()).result).lines).toEqual([]);
  const fd = openSync(join(root, 'to/a'), 'r+');
  writeFileSync(fd, 'two');
  closeSync(fd);
  await run(['touch', '-r', `${SOURCE_MOUNT}/a`, `${TARGET_MOUNT}/a`]).result;
  expect((await run(compareContent()).result).lines).toEqual([expect.stringMatching(/ a$/)]);
  expect(readFileSync(join(root, 'to/a'), 'utf8')).toBe('two');
});

test('a failure is told with its reason, a stop with that of the signal', async () => {
  rmSync(join(root, 'from'), { recursive: true });
  await expect(run(transfer(null)).result).rejects.toThrow(/^rsync failed \(exit code 23\): .*No such file/);
  mkdirSync(join(root, 'from'));
  writeFileSync(join(root, 'from/big'), Buffer.alloc(8 * MiB, 1));
  const stop = new AbortController();
  const slow = run(transfer((64 * 1024) as Bytes), stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 300);
  await expect(slow.result).rejects.toThrow('enough');
});
