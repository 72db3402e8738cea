/** lsblk, blkid and wipefs, as recorded on real machines. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBlockDevices, readOnlyMountsOf, readProbe } from '../../src/lvm/block-devices.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/lvm/', import.meta.url));
const text = (file: string) => readFileSync(`${FOLDER}${file}`, 'utf8');

function devices(name: string) {
  const readOnly = readOnlyMountsOf(text(`${name}/mountinfo`));
  return readBlockDevices(JSON.parse(text(`${name}/lsblk.json`)), readOnly);
}

test('what lies on what: a partition on its disk, a volume on its physical volume', () => {
  const guide = devices('guide');
  expect(guide.get('/dev/vdb1')?.parents).toEqual(['/dev/vdb']);
  expect(guide.get('/dev/vdb')?.children).toEqual(['/dev/vdb1', '/dev/vdb2']);
  expect(guide.get('/dev/mapper/VolGroupSSD-lvolroot')).toMatchObject({
    type: 'lvm',
    parents: ['/dev/vda'],
    mountPoints: ['/mnt/lvolroot'],
    readOnlyMounts: [],
  });
});

test('a volume on several devices stands once, with all of them', () => {
  const spread = devices('kinds').get('/dev/mapper/kinds-spread');
  expect(spread?.parents.toSorted()).toEqual(['/dev/vdb', '/dev/vdc']);
});

test('sizes and sectors are numbers of bytes', () => {
  expect(devices('guide').get('/dev/vdb1')).toMatchObject({
    size: 140 * 1024 ** 2,
    logicalSector: 512,
    readOnly: false,
  });
});

test('a mount point with a space in it, mounted read-only', () => {
  const line = '36 29 254:1 / /mnt/my\\040disk ro,relatime - ext4 /dev/vda1 rw\n';
  expect([...readOnlyMountsOf(line)]).toEqual(['/mnt/my disk']);
});

describe('what a device carries', () => {
  const probe = (name: string) =>
    readProbe('/dev/x', {
      blkid: text(`probes/${name}.blkid`),
      wipefs: text(`probes/${name}.wipefs.json`),
      exclusive: true,
      zeroEnds: false,
    });

  test.each([
    ['blank', null, []],
    ['blank-partition', null, []],
    ['ext4', 'ext4', ['ext4']],
    ['part', 'ext4', ['ext4']],
    ['pv', 'LVM2_member', ['LVM2_member']],
    ['gpt', 'gpt', ['gpt', 'gpt', 'PMBR']],
  ])('%s', (name, signature, signatures) => {
    expect(probe(name)).toMatchObject({ signature, signatures });
  });

  test('vfat, whose label has a space', () => {
    expect(probe('vfat').signature).toBe('vfat');
  });

  test('a partition is known by its own UUID, blank or not', () => {
    expect(probe('blank-partition').partUuid).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('every recorded probe is read', () => {
    const names = readdirSync(`${FOLDER}probes`).filter((file) => file.endsWith('.blkid'));
    expect(names.length).toBeGreaterThan(5);
  });
});
