/**
 * One run per host. The lock is flock(2) on a file that we hold open: it belongs to the open file, so the kernel
 * lets it go when the last process that has it open is gone, however that dies. There is no stale lock.
 *
 * Node cannot flock, util-linux can: `flock 3` locks the open file that it inherits as its descriptor 3 and ends;
 * the lock stays with us, for the open file is ours.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';

/** In a folder where only root may write: in /run/lock anyone could hold the lock for ever. */
export const LOCK_FILE = '/run/lvmbackup.lock';

export interface Lock {
  /** To be inherited by children that must not outlive the run unseen. */
  readonly fd: number;
  release(): void;
}

/** Throws UserError (exit 6), naming the holder, where another run has it. */
export function acquireLock(command: readonly string[], now: Date, path = LOCK_FILE): Lock {
  const fd = openLockFile(path);
  const { status } = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (status === 0) {
    writeHolder(fd, command, now);
    return { fd, release: () => closeSync(fd) };
  }
  closeSync(fd);
  if (status === 1) throw lockedBy(path);
  throw new UserError(
    ExitCode.failed,
    `the lock ${path} could not be taken: the program flock failed`,
    'install it: apt-get install util-linux, or dnf install util-linux-core',
  );
}

/** Whether some run holds the lock. Asks the kernel's list, for trying the lock would be in a run's way. */
export function isRunAlive(path = LOCK_FILE): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return false;
  // `1: FLOCK  ADVISORY  WRITE 4711 00:1a:1234 0 EOF`: the last part of the sixth word is the inode.
  const locks = readFileSync('/proc/locks', 'utf8').split('\n');
  return locks.some((line) => {
    const words = line.trim().split(/\s+/);
    return words[1] === 'FLOCK' && words[3] === 'WRITE' && words[5]?.split(':')[2] === String(stat.ino);
  });
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint = code === 'EACCES' ? 'run it with sudo: only root can change LVM' : undefined;
    throw new UserError(ExitCode.failed, `the lock file ${path} cannot be opened: ${message}`, hint, {
      cause,
    });
  }
}

function writeHolder(fd: number, command: readonly string[], now: Date): void {
  ftruncateSync(fd);
  writeSync(fd, `${JSON.stringify({ pid: process.pid, command, start: now.toISOString() })}\n`, 0);
}

interface Holder {
  readonly pid: number;
  readonly command: readonly string[];
  readonly start: string;
}

/** A run that has just taken the lock writes its name at once: that long it is waited for, in milliseconds. */
const NAME_WAIT = { tries: 20, pause: 50 };

function lockedBy(path: string): UserError {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let holder = holderIn(path);
  for (let tries = 0; tries < NAME_WAIT.tries && !isAlive(holder); tries++) {
    Atomics.wait(pause, 0, 0, NAME_WAIT.pause);
    holder = holderIn(path);
  }
  return new UserError(
    ExitCode.locked,
    `another run holds the lock${holder ? `: ${holderText(holder)}` : ''}`,
    'wait for it to end',
  );
}

function holderText(holder: Holder): string {
  const run = `process ${holder.pid}, lvmbackup ${holder.command.join(' ')}, since ${holder.start}`;
  return isAlive(holder) ? run : `a program that was started by ${run}, which is gone itself`;
}

function holderIn(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder | null): boolean {
  return holder !== null && existsSync(`/proc/${holder.pid}`);
}
