/** A transfer as a run makes it, with real mounts of loop devices: needs root, as the program itself does. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/copy/progress.ts';
import { filesStep } from '../../src/files/step.ts';
import type { FilesTransfer } from '../../src/plan/action.ts';
import { LABEL, MARK, MOUNT_ROOT } from '../../src/plan/files.ts';
import { bundled } from '../helpers/bundled.ts';

const loops = (() => {
  try {
    return execFileSync('losetup', ['--find'], { encoding: 'utf8' }).startsWith('/dev/loop');
  } catch {
    return false;
  }
})();

describe.runIf(process.getuid?.() === 0 && loops)('files between two devices', () => {
  let root = '';
  let lock = 0;
  let program: [string, ...string[]] = [''];
  const devices: string[] = [];
  const scripts = (text: string, ...words: string[]) =>
    execFileSync('sh', ['-euc', text, 'sh', ...words], { encoding: 'utf8' });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'files-'));
    lock = openSync(join(root, 'lock'), 'w');
    const text = `import { runFilesChild } from 'src/files/child.ts'; runFilesChild(process.argv[3] ?? '');`;
    program = [process.execPath, await bundled(root, text)];
    for (const name of ['from', 'to']) {
      scripts('truncate -s 64M "$1"', join(root, name));
      devices.push(scripts('losetup --find --show "$1"', join(root, name)).trim());
    }
    scripts('mkfs.ext4 -q "$1"', devices[0] ?? '');
  });
  afterAll(() => {
    for (const device of devices) scripts('losetup -d "$1"', device);
    closeSync(lock);
    rmSync(root, { recursive: true, force: true });
  });

  /** Does something with a mounted device, in a namespace that goes again. */
  const within = (device: string, script: string) =>
    execFileSync(
      'unshare',
      ['-m', 'sh', '-euc', `mount ${device} /mnt; cd /mnt; ${script}; cd /; umount /mnt`],
      { encoding: 'utf8' },
    );

  /** The last transfer said that the backup is not what it was. */
  let touched = false;

  async function bring(files: Partial<FilesTransfer> = {}, signal = new AbortController().signal) {
    const [from = '', to = ''] = devices;
    const seen: Progress[] = [];
    touched = false;
    const onTouch = () => {
      touched = true;
    };
    const action = {
      ...{ source: 'S/root-snap', verify: 'full', rate: null },
      files: { fileSystem: 'ext4', keeps: false, ...files },
    };
    const result = await filesStep(
      { from, to, action: action as never, lock, program },
      { signal, onTouch, onProgress: (progress) => seen.push(progress) },
    );
    return { result, seen };
  }

  test('a new file system, with all of the files; then only what changed; nothing of it is to be seen outside', async () => {
    within(
      devices[0] ?? '',
      'mkdir -p a/b; head -c 3000000 /dev/urandom > a/b/c; ln a/b/c hard; echo x > "a file"',
    );
    const first = await bring();
    expect(first.result).toMatchObject({
      mode: 'files',
      bytesWritten: 3_000_002,
      digest: expect.stringMatching(/^sha256-files:[0-9a-f]{64}$/),
    });
    expect(first.seen.length).toBeGreaterThan(0);
    expect(scripts('blkid -p -o value -s LABEL "$1"', devices[1] ?? '').trim()).toBe(LABEL);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(MOUNT_ROOT);
    within(devices[0] ?? '', 'rm "a file"; echo new > another');
    const second = await bring({ keeps: true });
    expect(second.result).toMatchObject({ bytesWritten: 4 });
    expect(second.result.digest).not.toBe(first.result.digest);
    expect(within(devices[1] ?? '', 'ls -A')).toBe('a\nanother\nhard\nlost+found\n');
  });

  test('a source without any file deletes nothing of a backup that has some', async () => {
    within(devices[0] ?? '', 'rm -rf ./*/b hard another a');
    await expect(bring({ keeps: true })).rejects.toThrow(/no files at all/);
    expect(touched).toBe(false);
    expect(within(devices[1] ?? '', 'ls -A')).toContain('another');
    within(devices[0] ?? '', 'echo again > another');
  });

  test('one that is stopped leaves its mark; the next one goes on, and takes it away', async () => {
    within(devices[0] ?? '', 'head -c 20000000 /dev/urandom > large');
    const stop = new AbortController();
    const slow = filesStep(
      {
        ...{ from: devices[0] ?? '', to: devices[1] ?? '', lock, program },
        action: {
          ...{ source: 'S/root-snap', verify: 'written', rate: 1024 * 1024 },
          files: { fileSystem: 'ext4', keeps: true },
        } as never,
      },
      {
        signal: stop.signal,
        onTouch: () => {},
        onProgress: ({ done }) => done > 0 && stop.abort(new Error('stopped')),
      },
    );
    await expect(slow).rejects.toThrow('stopped');
    await expect.poll(() => scripts('pgrep -x rsync || :'), { timeout: 60_000 }).toBe('');
    expect(within(devices[1] ?? '', 'ls -A')).toContain(MARK);
    await bring({ keeps: false });
    expect(within(devices[1] ?? '', 'ls -A')).toBe('another\nlarge\nlost+found\n');
  });

  test('what is tagged complete and holds no file system of ours is not written over', async () => {
    scripts('wipefs -q -a "$1"; mkfs.ext4 -q -L other "$1"', devices[1] ?? '');
    await expect(bring({ keeps: true })).rejects.toThrow(/holds no ext4 that was made for it/);
    expect(touched).toBe(true);
    expect(scripts('blkid -p -o value -s LABEL "$1"', devices[1] ?? '').trim()).toBe('other');
    await bring({ keeps: false });
    expect(existsSync(`${MOUNT_ROOT}/source`)).toBe(false);
  });
});
