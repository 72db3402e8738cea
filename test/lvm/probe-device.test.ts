import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeDevices } from '../../src/lvm/probe-device.ts';
import type { RunCommand } from '../../src/lvm/spawn.ts';
import { bytes, MiB } from '../../src/units.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'probe-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** blkid and wipefs that find nothing, and end with the given codes. */
function finding(codes: { blkid?: number | null; wipefs?: number | null } = {}): RunCommand {
  return async (argv) => {
    const { blkid = 2, wipefs = 0 } = codes;
    const exitCode = argv[0] === 'blkid' ? blkid : wipefs;
    return { argv, exitCode, signal: null, stdout: '', stderr: '' };
  };
}

function file(data: Buffer): string {
  const path = join(folder, 'device');
  writeFileSync(path, data);
  return path;
}

async function probed(path: string, size: number, run = finding()) {
  return (await probeDevices([{ path, size: bytes(size) }], run))[path];
}

const zeroEnds = async (data: Buffer, run = finding()) =>
  (await probed(file(data), data.length, run))?.zeroEnds;

function dirtyAt(offset: number): Buffer {
  const data = Buffer.alloc(4 * MiB);
  data[offset] = 1;
  return data;
}

test('a device of zeros has empty ends', async () => {
  expect(await zeroEnds(Buffer.alloc(4 * MiB))).toBe(true);
  expect(await zeroEnds(Buffer.alloc(MiB / 2))).toBe(true);
});

test.each([0, MiB - 1, 3 * MiB, 4 * MiB - 1])(
  'one byte at %i, in the first or last MiB, is not empty',
  async (offset) => {
    expect(await zeroEnds(dirtyAt(offset))).toBe(false);
  },
);

test('what lies between its ends is not read', async () => {
  expect(await zeroEnds(dirtyAt(2 * MiB))).toBe(true);
});

/** As `pvremove` leaves it: no label, the metadata area's header, the text of the group that it was in. */
function withoutLabel(traits: { text?: string; magic?: string; label?: string } = {}): Buffer {
  const {
    text = 'S {\nphysical_volumes {\nid = "LvmBkp-aaaa-',
    magic = ' LVM2 x[5A%r0N*>',
    label = '',
  } = traits;
  const data = Buffer.alloc(4 * MiB);
  data.write(label, 512, 'latin1');
  data.write(magic, 4096 + 4, 'latin1');
  data.write(text, 4096 + 512, 'latin1');
  return data;
}

test('the rest of a label of ours is as good as empty, for the run that was ending the loan is dead', async () => {
  expect(await zeroEnds(withoutLabel())).toBe(true);
  expect(await zeroEnds(withoutLabel({ magic: '' }))).toBe(true);
});

test.each([
  ['that somebody else made', { text: 'S {\nphysical_volumes {\nid = "aaaaaa-aaaa-' }],
  // Backups lie on it, and its first bytes were zeroed by somebody.
  ['that stays in a group of backups', { text: 'B {\nphysical_volumes {\nid = "LvmBkp-Kept-aaaa-' }],
  ['whose label is still there', { label: 'LABELONE' }],
  ['with something else where its header would be', { magic: 'anything' }],
])('but no rest of one %s', async (_, traits) => {
  expect(await zeroEnds(withoutLabel(traits))).toBe(false);
});

test('nor one beside data in the last MiB', async () => {
  const data = withoutLabel();
  data[4 * MiB - 1] = 1;
  expect(await zeroEnds(data)).toBe(false);
});

/** As `vgcreate` leaves it that is killed before its end: the label, an empty header, the text of the group. */
function labelled(
  traits: { location?: number; damage?: boolean; text?: string; before?: number } = {},
): Buffer {
  const { location = 0, damage = false, text = 'B {\nseqno = 1\n', before = 0 } = traits;
  const data = Buffer.alloc(4 * MiB);
  data[before] = before === 0 ? 0 : 1;
  data.write('LABELONE', 512, 'latin1');
  data.write(text, 4096 + 512, 'latin1');
  const header = data.subarray(4096, 4096 + 512);
  header.write(' LVM2 x[5A%r0N*>', 4, 'latin1');
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(4096n, 24);
  header.writeBigUInt64LE(BigInt(MiB - 4096), 32);
  header.writeBigUInt64LE(BigInt(location), 40);
  header.writeUInt32LE(checksumOf(header.subarray(4)), 0);
  if (damage) header[32] = 7;
  return data;
}

/** As LVM has it (`lib/misc/crc.c`): bit by bit here. */
function checksumOf(bytes: Buffer): number {
  let crc = 0xf597a6cf;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return crc >>> 0;
}

const neverInGroup = async (data: Buffer, run = finding()) =>
  (await probed(file(data), data.length, run))?.neverInGroup;

test('a label whose header says that no group was ever written', async () => {
  expect(await neverInGroup(labelled())).toBe(true);
  expect(await neverInGroup(labelled({ text: '' }))).toBe(true);
  expect(await neverInGroup(labelled({ text: 'B {\nseqno = 7\n' }))).toBe(true);
  expect(await zeroEnds(labelled())).toBe(false);
});

test.each([
  ['that tells where the text is', { location: 512 }],
  ['whose header is damaged', { damage: true }],
  ['of a group that was changed since', { text: 'B {\nseqno = 1\n}\nB {\nseqno = 2\n' }],
  ['beside something before it', { before: 510 }],
  ['beside something behind it', { before: 1024 }],
])('but no label %s', async (_, traits) => {
  expect(await neverInGroup(labelled(traits))).toBe(false);
});

test('nor a device of zeros, nor a label beside data in the last MiB', async () => {
  expect(await neverInGroup(Buffer.alloc(4 * MiB))).toBe(false);
  const data = labelled();
  data[4 * MiB - 1] = 1;
  expect(await neverInGroup(data)).toBe(false);
});

test('a device that ends before its size is not empty', async () => {
  const path = file(Buffer.alloc(MiB));
  expect((await probed(path, 4 * MiB))?.zeroEnds).toBe(false);
});

test('a device that cannot be opened counts as held and not blank', async () => {
  expect(await probed(join(folder, 'nothing'), MiB)).toMatchObject({
    exclusive: false,
    zeroEnds: false,
  });
});

test.each([
  ['blkid', { blkid: 4 }],
  ['blkid', { blkid: null }],
  ['wipefs', { wipefs: 1 }],
])('where %s could not read the device it is not proven blank', async (_, codes) => {
  expect(await zeroEnds(Buffer.alloc(4 * MiB), finding(codes))).toBe(false);
  expect(await neverInGroup(labelled(), finding(codes))).toBe(false);
});

test('what blkid and wipefs say is kept as they said it', async () => {
  const run: RunCommand = async (argv) => ({
    argv,
    exitCode: 0,
    signal: null,
    stdout: argv.join(' '),
    stderr: '',
  });
  const path = file(Buffer.alloc(MiB));
  expect(await probed(path, MiB, run)).toMatchObject({
    blkid: `blkid -p -o export ${path}`,
    wipefs: `wipefs -n --json ${path}`,
  });
});
