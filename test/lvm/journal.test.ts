import { expect, test } from 'vitest';
import { extJournal, xfsLog } from '../../src/lvm/journal.ts';

function superblock(compat: number, incompat: number): Buffer {
  const start = Buffer.alloc(4096);
  start.writeUInt32LE(compat, 1024 + 0x5c);
  start.writeUInt32LE(incompat, 1024 + 0x60);
  return start;
}

test('ext says itself whether its journal has to be replayed', () => {
  expect(extJournal(superblock(0x4, 0x2c2))).toBe('clean');
  expect(extJournal(superblock(0x3c, 0x2c2 | 0x4))).toBe('dirty');
  expect(extJournal(superblock(0x38, 0x2c2))).toBe('none');
});

/** As xfs_logprint 6.1 writes it of a snapshot of a mounted file system. */
const FROZEN = `xfs_logprint:
    data device: 0xfd02
    log device: 0xfd02 daddr: 65584 length: 10944

    log tail: 7 head: 11 state: <DIRTY>


LOG REC AT LSN cycle 1 block 7 (0x1, 0x7)
============================================================================
TRANS: tid:0xf39ab85  #items:2  trans:0xf39ab85  q:0x55e85b23d030
BUF: cnt:2 total:2 a:0x55e85b23d080 len:24 a:0x55e85b246810 len:384 
\tBUF:  #regs:2   start blkno:0x0   len:1   bmap size:1   flags:0x9000
\tSUPER Block Buffer:
`;

test('the log of an XFS that was frozen needs no replay, one with anything else in it does', () => {
  expect(xfsLog(FROZEN)).toBe('clean');
  expect(xfsLog('    log tail: 2 head: 2 state: <CLEAN>\n')).toBe('clean');
  expect(xfsLog(`${FROZEN}INO: cnt:2 total:2 a:0x1 len:56 a:0x2 len:96\n`)).toBe('dirty');
  expect(xfsLog(`${FROZEN}\tAGF Buffer: (XAGF)\n`)).toBe('dirty');
  expect(xfsLog('')).toBe('unknown');
});
