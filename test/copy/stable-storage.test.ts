/** What has to be on stable storage before what: the calls that reach the disk, in their order. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import fs, { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OpenTarget } from '../../src/copy/open-end.ts';
import { MiB } from '../../src/units.ts';
import { MemorySource, MemoryTarget } from './memory-ends.ts';
import { run } from './run.ts';

let folder: string;
let diary: string[];
const usual = { rename: fs.rename, rm: fs.rm };
let handles: FileHandle;
let usualSync: FileHandle['sync'];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stable-'));
  diary = [];
  const note = (what: string) => {
    if (what.includes(basename(folder))) diary.push(what.replaceAll(folder, 'state'));
  };
  const some = await open(folder, 'r');
  handles = Object.getPrototypeOf(some);
  await some.close();
  usualSync = handles.sync;
  handles.sync = async function (this: FileHandle) {
    note(`sync ${readlinkSync(`/proc/self/fd/${this.fd}`)}`);
    await usualSync.call(this);
  };
  fs.rename = async (from, to) => {
    note(`rename ${from} ${to}`);
    await usual.rename(from, to);
  };
  fs.rm = async (path, options) => {
    note(`remove ${path}`);
    await usual.rm(path, options);
  };
  syncBuiltinESMExports();
});
afterEach(() => {
  handles.sync = usualSync;
  Object.assign(fs, usual);
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true });
});

test('the mark before the first byte, the manifest after the last flush, and then the mark goes', async () => {
  const data = randomBytes(2 * MiB);
  const memory = new MemoryTarget(randomBytes(2 * MiB)).open();
  const target: OpenTarget = {
    ...memory,
    async write(buffer, offset) {
      diary.push(`write ${offset}`);
      await memory.write(buffer, offset);
    },
    async flush() {
      diary.push('flush');
      await memory.flush();
    },
  };
  const manifest = { path: join(folder, 'm'), source: 'S', target: 'T', digest: null };
  await run({ source: new MemorySource(data).open(), target }, { manifest });
  expect(diary).toEqual([
    'remove state/m.new',
    ...['sync state/m.dirty.new', 'rename state/m.dirty.new state/m.dirty', 'sync state'],
    ...['write 0', 'flush', `write ${MiB}`, 'flush', 'write 0', 'flush'],
    ...['sync state/m.new', 'rename state/m.new state/m', 'sync state'],
    ...['remove state/m.dirty', 'sync state'],
    'remove state/m.new',
  ]);
});
