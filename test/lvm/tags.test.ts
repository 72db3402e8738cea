import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTagValue, encodeTagValue, readBackupRecord, tag, tagValue } from '../../src/lvm/tags.ts';

test('what LVM refuses in a tag is written as ! and two hex digits', () => {
  expect(encodeTagValue('/dev/disk/by-id/usb@1, 2')).toBe('/dev/disk/by-id/usb!401!2c!202');
  expect(encodeTagValue('ä!')).toBe('!c3!a4!21');
});

test('any text comes back, and LVM takes every byte of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = encodeTagValue(text);
      expect(encoded).toMatch(/^[A-Za-z0-9_+.\-/=!:&#]*$/);
      expect(decodeTagValue(encoded)).toBe(text);
    }),
  );
});

test('a placeholder stays one, so that the run can fill it in', () => {
  expect(tag('time', '{time}')).toBe('lvmbackup.time={time}');
  expect(tag('source', '{x}')).toBe('lvmbackup.source=!7bx!7d');
});

test('a record is incomplete unless its tags prove otherwise', () => {
  const tags = ['lvmbackup', 'lvmbackup.source=SSD/root', 'lvmbackup.sourceid=a/b'];
  expect(readBackupRecord(tags)).toEqual({
    source: 'SSD/root',
    sourceId: 'a/b',
    state: 'incomplete',
    time: null,
    digest: null,
  });
  expect(readBackupRecord([...tags, 'lvmbackup.state=complet'])?.state).toBe('incomplete');
  expect(
    readBackupRecord([
      ...tags,
      'lvmbackup.state=complete',
      'lvmbackup.time=2026-11-23T09:15:00Z',
      'lvmbackup.digest=sha256-256KiB:ab',
    ]),
  ).toMatchObject({
    state: 'complete',
    time: new Date('2026-11-23T09:15:00Z'),
    digest: 'sha256-256KiB:ab',
  });
  expect(readBackupRecord(tags.slice(1))).toBeNull();
  expect(tagValue(tags, 'source')).toBe('SSD/root');
});
