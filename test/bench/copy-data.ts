/** The data that copies are measured with: images in a folder of their own, as loop devices where that can be. */
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../src/units.ts';

/** One end of a copy. */
export interface End {
  /** What programs are given: a loop device, or the file itself. */
  readonly path: string;
  readonly file: string;
}

export interface Data {
  readonly folder: string;
  readonly size: number;
  readonly isLoop: boolean;
  /** What the source was before anything changed. */
  readonly base: End;
  readonly source: End;
  readonly target: End;
  /** 70 % zeros. */
  readonly zeros: End;
  /** An ext4 file system, half full; null where it cannot be made here. */
  readonly ext4: End | null;
  remove(): void;
}

const TMPFS = 0x01021994;

/** Throws where the folder is in memory, or has not the room. */
export function makeData(parent: string, size: number): Data {
  const { type, bavail, bsize } = statfsSync(parent);
  if (type === TMPFS) throw new Error(`${parent} is in memory: --folder names one on a disk`);
  if (bavail * bsize < 7 * size)
    throw new Error(`${parent} has not the room for seven images of ${size} bytes`);
  const folder = mkdtempSync(join(parent, 'bench-copy-'));
  const loops: string[] = [];
  const remove = () => {
    for (const loop of loops.splice(0)) spawnSync('losetup', ['-d', loop]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const end = (name: string, fill: (block: Buffer, index: number) => void): End => {
      const file = join(folder, name);
      writeImage(file, size, fill);
      const loop = loopOf(file);
      if (loop !== null) loops.push(loop);
      return { path: loop ?? file, file };
    };
    const random = (block: Buffer) => randomFillSync(block);
    const base = end('base', random);
    const ends = { base, source: copied(base, end), target: end('target', random) };
    const zeros = end('zeros', (block, index) =>
      isZeroBlock(index) ? block.fill(0) : randomFillSync(block),
    );
    const ext4 = fileSystem(end('ext4', random), folder, size);
    return { folder, size, isLoop: loops.length > 0, ...ends, zeros, ext4, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function copied(base: End, end: (name: string, fill: (block: Buffer) => void) => End): End {
  const made = end('source', () => {});
  must('dd', [`if=${base.path}`, `of=${made.path}`, 'bs=4M', 'conv=notrunc,fsync', 'status=none']);
  return made;
}

/** Written in full, so that no later write finds a hole to fill. */
function writeImage(file: string, size: number, fill: (block: Buffer, index: number) => void): void {
  const block = Buffer.alloc(MiB);
  const fd = openSync(file, 'wx', 0o600);
  for (let index = 0; index * MiB < size; index++) {
    fill(block, index);
    writeSync(fd, block, 0, MiB, index * MiB);
  }
  fsyncSync(fd);
  closeSync(fd);
}

/** Seven of ten, in no order (Knuth's multiplicative hash). */
function isZeroBlock(index: number): boolean {
  return (Math.imul(index, 0x9e3779b1) >>> 0) % 10 < 7;
}

/** Past the page cache of the file, as a disk would be; null where loop devices are not ours to make. */
function loopOf(file: string): string | null {
  if (process.getuid?.() !== 0) return null;
  const made = spawnSync('losetup', ['--show', '--find', '--direct-io=on', file], { encoding: 'utf8' });
  return made.status === 0 ? made.stdout.trim() : null;
}

/** What is not used of it holds old data, as on a disk that has been in use. */
function fileSystem(end: End, folder: string, size: number): End | null {
  const files = join(folder, 'files');
  mkdirSync(files);
  for (let made = 0, index = 0; made < size / 2; index++) {
    const length = (1 + ((index * 7) % 16)) * MiB;
    writeImage(join(files, `file-${index}`), length, (block) => randomFillSync(block));
    made += length;
  }
  const extra = 'nodiscard,lazy_itable_init=0,lazy_journal_init=0';
  const argv = ['-q', '-F', '-t', 'ext4', '-E', extra, '-d', files, end.path];
  const made = spawnSync('mke2fs', argv, { stdio: 'ignore' });
  rmSync(files, { recursive: true });
  return made.status === 0 ? end : null;
}

/** Runs what prepares a measurement and is not measured itself. */
export function must(program: string, argv: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${error?.message ?? stderr}`);
}

/** On stable storage, and no longer in memory: of the device and of the file below it. */
export function forgetPages({ path, file }: End): void {
  for (const name of new Set([path, file])) {
    must('dd', [`of=${name}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
    must('dd', [`if=${name}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}

export function readIntoPages({ path }: End): void {
  must('dd', [`if=${path}`, 'of=/dev/null', 'bs=4M', 'status=none']);
}
