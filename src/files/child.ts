/**
 * Brings the files of a snapshot over to a backup volume. Runs in a mount namespace of its own: nobody else sees the
 * mounts, nobody can unmount them under rsync, and they go with the last process of it, however that ends. It ends by
 * itself when its parent is gone (its standard input ends).
 *
 * The rule for images is that the first MiB of a volume is zero while it is not whole. A file system that is written
 * to cannot be without its head. What stands for it: the tag says incomplete before the first byte; the volume has
 * activation skip, a label and a UUID of its own, so that it is never taken for its source; and in its root lies a
 * file that says it is not whole, from before the first change until after the last one is on the disk.
 */
import { closeSync, constants, fsyncSync, openSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { readBlkid } from '../lvm/block-devices.ts';
import { runCommand } from '../lvm/spawn.ts';
import type { FileSystem } from '../plan/action.ts';
import {
  compareContent,
  growFileSystem,
  isFileSystem,
  LABEL,
  MARK,
  makeFileSystem,
  mountTarget,
  SOURCE_MOUNT,
  TARGET_MOUNT,
  transfer,
} from '../plan/files.ts';
import { fileList } from './file-list.ts';
import { checkMounts, makeMountPoints, mountBoth, must, refuseEmptySource, unmountTarget } from './mounts.ts';
import { rsync } from './rsync.ts';
import type { FilesDone, FilesOrder, FilesWord, ListDone, ListOrder } from './words.ts';

/** Descriptor 3 is the lock: rsync inherits it, so that it is free only when that is gone. */
const LOCK = 3;

export async function runFilesChild(text: string): Promise<void> {
  const stop = new AbortController();
  process.stdin.on('end', () => stop.abort(new Error('it was told to stop'))).resume();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Error(`it was ended by ${signal}`)));
  }
  const say = (word: FilesWord) => process.stdout.write(`${JSON.stringify(word)}\n`);
  try {
    const order = JSON.parse(text) as FilesOrder | ListOrder;
    if (order.task === 'list') say({ word: 'listed', ...(await listed(order.device, stop.signal)) });
    else say({ word: 'done', ...(await bringOver(order, stop.signal, say)) });
  } catch (error) {
    const hint = error instanceof UserError && error.hint !== undefined ? { hint: error.hint } : {};
    say({ word: 'failed', message: (error as Error).message, ...hint });
  }
  process.stdin.destroy();
}

async function bringOver(
  order: FilesOrder,
  signal: AbortSignal,
  say: (word: FilesWord) => void,
): Promise<FilesDone> {
  await makeMountPoints();
  const begin = () => say({ word: 'begun' });
  const made = await prepareTarget(order, begin);
  signal.throwIfAborted();
  await mountBoth(order, 'rw');
  await checkMounts(order);
  refuseEmptySource();
  begin();
  if (!made) await must(growFileSystem(order.fileSystem, order.to));
  await setMark();
  const used = usedBytes(SOURCE_MOUNT);
  const { total, written } = await rsync({
    ...{ argv: transfer(order.rate), signal, lock: LOCK },
    onProgress: (done) => say({ word: 'progress', phase: 'copy', done, total: Math.max(done, used) }),
  });
  await checkMounts(order);
  await takeMarkAway();
  await unmountTarget();
  flush(order.to);
  const list = await verified(order, signal, say);
  return { ...list, total, written, made };
}

/** Throws UserError where nothing is there that was made for files. */
async function listed(device: string, signal: AbortSignal): Promise<ListDone> {
  const kind = await kindOf(device);
  if (kind === null) {
    throw new UserError(
      ExitCode.failed,
      `${device} holds no file system that was made for a backup of files`,
      'look at it: blkid -p DEVICE',
    );
  }
  await makeMountPoints();
  await must(mountTarget(kind, device, 'ro'));
  const used = usedBytes(TARGET_MOUNT);
  const list = await fileList(TARGET_MOUNT, MARK, signal);
  await unmountTarget();
  return { ...list, used };
}

/** Of a file system that was made here; null where it is another, or none. */
async function kindOf(device: string): Promise<FileSystem | null> {
  const { stdout } = await runCommand(['blkid', '-p', '-o', 'export', device]);
  const found = readBlkid(stdout);
  const type = found.get('TYPE');
  return found.get('LABEL') === LABEL && isFileSystem(type) ? type : null;
}

/** What is on the disk now, looked at anew: that the kernel still knows it from writing is no proof. */
async function verified(
  order: FilesOrder,
  signal: AbortSignal,
  say: (word: FilesWord) => void,
): Promise<{ digest: string; files: number }> {
  await must(mountTarget(order.fileSystem, order.to, 'ro'));
  const target = await fileList(TARGET_MOUNT, MARK, signal);
  if (order.verify !== 'none') {
    say({ word: 'progress', phase: 'verify', done: 0, total: 1 });
    const source = await fileList(SOURCE_MOUNT, MARK, signal);
    if (source.digest !== target.digest) throw differs(order, []);
  }
  if (order.verify === 'full') {
    const { lines } = await rsync({ argv: compareContent(), signal, lock: LOCK, onProgress: () => {} });
    if (lines.length > 0) throw differs(order, lines);
  }
  await checkMounts(order);
  await unmountTarget();
  return target;
}

function differs({ to }: FilesOrder, lines: readonly string[]): UserError {
  return new UserError(
    ExitCode.failed,
    `the files on ${to} are not those of the snapshot after they were brought over${lines.length === 0 ? '' : `: ${lines.join('; ')}`}`,
    'look at the kernel log for errors of the backup disk',
  );
}

/** True where a file system was made. What the tags call a complete backup is never made anew. */
async function prepareTarget({ to, fileSystem, keeps }: FilesOrder, begin: () => void): Promise<boolean> {
  if ((await kindOf(to)) === fileSystem) return false;
  begin();
  if (keeps) {
    throw new UserError(
      ExitCode.failed,
      `${to} is tagged as a complete backup of files, but it holds no ${fileSystem} that was made for it`,
      'look at it before the next run, which makes it anew',
    );
  }
  await must(makeFileSystem(fileSystem, to));
  return true;
}

const MARK_TEXT =
  'A backup of files is being written to this file system, or was and did not come to its end.\n' +
  'It is not whole: the tags of its logical volume say lvmbackup.state=incomplete.\n';

async function setMark(): Promise<void> {
  writeFileSync(`${TARGET_MOUNT}/${MARK}`, MARK_TEXT, { mode: 0o600, flush: true });
  await must(['sync', '--file-system', TARGET_MOUNT]);
}

/** First all the rest is on the disk. The folder is as old as that of the source again. */
async function takeMarkAway(): Promise<void> {
  await must(['sync', '--file-system', TARGET_MOUNT]);
  rmSync(`${TARGET_MOUNT}/${MARK}`);
  await must(['touch', '--no-create', `--reference=${SOURCE_MOUNT}`, TARGET_MOUNT]);
}

function usedBytes(point: string): number {
  const { blocks, bfree, bsize } = statfsSync(point);
  return (blocks - bfree) * bsize;
}

/** Past the disk's own cache. */
function flush(device: string): void {
  const fd = openSync(device, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
