/** Whether a file system's journal holds what its main part does not know yet. Reads only. */
import { open } from 'node:fs/promises';
import type { RunCommand } from './spawn.ts';

/** `unknown`: nothing can tell, so it is to be treated like one that is dirty. */
export type Journal = 'none' | 'clean' | 'dirty' | 'unknown';

/** `type`: as blkid names it. */
export async function journalOf(device: string, type: string, run: RunCommand): Promise<Journal> {
  switch (type) {
    case 'ext3':
    case 'ext4':
      return extJournal(await firstBytes(device, 4096));
    case 'xfs':
      return xfsJournal(device, run);
    default:
      return 'none';
  }
}

async function firstBytes(device: string, count: number): Promise<Buffer> {
  const handle = await open(device, 'r');
  try {
    const buffer = Buffer.alloc(count);
    await handle.read(buffer, 0, count, 0);
    return buffer;
  } finally {
    await handle.close();
  }
}

const SUPERBLOCK = 1024;
const FEATURE_COMPAT = SUPERBLOCK + 0x5c;
const FEATURE_INCOMPAT = SUPERBLOCK + 0x60;
const HAS_JOURNAL = 0x4;
const NEEDS_RECOVERY = 0x4;

/** The superblock says it itself (the kernel's `fs/ext4/ext4.h`). */
export function extJournal(start: Buffer): Journal {
  if ((start.readUInt32LE(FEATURE_COMPAT) & HAS_JOURNAL) === 0) return 'none';
  return (start.readUInt32LE(FEATURE_INCOMPAT) & NEEDS_RECOVERY) === 0 ? 'clean' : 'dirty';
}

async function xfsJournal(device: string, run: RunCommand): Promise<Journal> {
  try {
    const { exitCode, stdout } = await run(['xfs_logprint', '-t', device]);
    return exitCode === 0 ? xfsLog(stdout) : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Lines of a transaction that changes the superblock alone, and of what stands around it. */
const QUIET = [
  /^\s*$/,
  /^xfs_logprint:$/,
  /^ +(data|log) device: /,
  /^ +log tail: \d+ head: \d+ state: /,
  /^LOG REC AT /,
  /^=+$/,
  /^TRANS: /,
  /^BUF: /,
  /^\s+BUF: +#regs:/,
  /^\s+SUPER Block Buffer:/,
];

/**
 * A file system that was frozen for its snapshot has put everything in its place, but its log does not end as that of
 * one that was unmounted: it ends with transactions that say nothing new of the superblock. Those need no replay.
 */
export function xfsLog(text: string): Journal {
  if (/state: <CLEAN>/.test(text)) return 'clean';
  if (!/state: <DIRTY>/.test(text)) return 'unknown';
  return text.split('\n').every((line) => QUIET.some((known) => known.test(line))) ? 'clean' : 'dirty';
}
