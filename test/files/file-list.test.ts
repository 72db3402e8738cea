/** The digest of a file list: what it tells apart, and what rsync's own work comes to. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileList } from '../../src/files/file-list.ts';
import { SOURCE_MOUNT, TARGET_MOUNT, transfer } from '../../src/plan/files.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'list-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (name: string) => join(root, name);
const digest = async (folder = root) => (await fileList(folder, null)).digest;

test('it is what its description says', async () => {
  writeFileSync(at('b'), 'hello');
  chmodSync(at('b'), 0o640);
  symlinkSync('b', at('a'));
  utimesSync(at('b'), 1000, 2000.5);
  lutimesSync(at('a'), 1000, 3000);
  utimesSync(root, 1000, 4000);
  chmodSync(root, 0o700);
  const ids = `${process.getuid?.()} ${process.getgid?.()}`;
  const text = [
    `d 700 ${ids} 0 4000000000000 .\0\0`,
    `l 777 ${ids} 0 3000000000000 a\0b\0`,
    `f 640 ${ids} 5 2000500000000 b\0\0`,
  ].join('');
  expect(await fileList(root, null)).toEqual({
    digest: `sha256-files:${createHash('sha256').update(text).digest('hex')}`,
    files: 3,
  });
});

test.each<[what: string, change: () => void]>([
  ['a name', () => renameSync(at('one'), at('eins'))],
  ['a size', () => writeFileSync(at('one'), 'longer than before')],
  ['a time', () => utimesSync(at('one'), 1, 1)],
  ['a mode', () => chmodSync(at('one'), 0o600)],
  [
    'the target of a link',
    () => {
      rmSync(at('link'));
      symlinkSync('two', at('link'));
      lutimesSync(at('link'), 5, 5);
    },
  ],
  ['a file that is gone', () => rmSync(at('folder/deep'))],
  [
    'a second name that is a file of its own now',
    () => {
      rmSync(at('hard'));
      writeFileSync(at('hard'), 'x');
      utimesSync(at('hard'), 5, 5);
    },
  ],
])('it changes with %s', async (_, change) => {
  mkdirSync(at('folder'));
  for (const name of ['one', 'two', 'folder/deep']) {
    writeFileSync(at(name), 'x');
    utimesSync(at(name), 5, 5);
  }
  linkSync(at('two'), at('hard'));
  symlinkSync('one', at('link'));
  lutimesSync(at('link'), 5, 5);
  const pin = () => {
    utimesSync(at('folder'), 5, 5);
    utimesSync(root, 5, 5);
  };
  pin();
  const before = await digest();
  pin();
  expect(await digest()).toBe(before);
  change();
  pin();
  expect(await digest()).not.toBe(before);
});

test('what rsync brings over has the same digest: links, devices, pipes, names in no encoding, times to the nanosecond', async () => {
  const from = at('from');
  const to = at('to');
  mkdirSync(from);
  const script = `
    cd "$1"; mkdir -p d/e; head -c 10000 /dev/urandom > d/e/f; ln d/e/f hard; ln -s d/e/f soft; mkfifo pipe
    touch "$(printf 'caf\\351')" 'with a space' "$(printf 'new\\nline')"; ln d/e/f d/z
    truncate -s 5M holes; chmod 4755 'with a space'; mknod dev b 8 300 || :; mknod chr c 1 3 || :
  `;
  execFileSync('sh', ['-euc', script, 'sh', from]);
  const argv = transfer(null).map((word) => word.replace(SOURCE_MOUNT, from).replace(TARGET_MOUNT, to));
  execFileSync(argv[0] ?? '', argv.slice(1));
  const list = await fileList(from, null);
  expect(list.files).toBeGreaterThan(10);
  expect(await fileList(to, null)).toEqual(list);
});

test('one name at the top may be left out, and only there', async () => {
  mkdirSync(at('folder'));
  const before = await digest();
  writeFileSync(at('mark'), '');
  expect((await fileList(root, 'mark')).files).toBe(2);
  writeFileSync(at('folder/mark'), '');
  expect((await fileList(root, 'mark')).files).toBe(3);
  expect(await digest()).not.toBe(before);
});
