/** Every kind of error points at the text that is meant. */
import { describe, expect, test } from 'vitest';
import { errorsOf, file, pointed } from './helpers.ts';

describe('keys and shapes', () => {
  test('a misspelt key suggests the nearest, and does not hide what else is wrong', () => {
    const text =
      'version: 1\ngroup:\n  name: B\n  device: [/dev/sdb]\nvolumes:\n  - source: S/a\n    snapshot: {size: 10GB}\n';
    expect(pointed(text)).toEqual(['4:3 unknown-key «device»', '7:22 bad-value «10GB»']);
    expect(errorsOf(text)[0]?.hint).toBe('did you mean devices?');
    expect(errorsOf(text)[1]?.hint).toMatch(/10GiB/);
  });

  test.each([
    ['version: 1\ngroup: {name: B}\n', '1:1 missing-key «version»'],
    ['version: 2\ngroup: {name: B}\nvolumes: [{source: S/a}]\n', '1:10 bad-value «2»'],
    ['version: 1\ngroup: {}\nvolumes: [{source: S/a}]\n', '2:1 missing-key «group»'],
    ['version: 1\ngroup: {name: B}\nvolumes: []\n', '3:1 bad-value «volumes»'],
    [
      'version: 1\ngroup: {name: B}\nsets: {s: {hooks: {timeout: soon}}}\nvolumes: [{source: S/a, set: s}, {source: S/b, set: s}]\n',
      '3:29 bad-value «soon»',
    ],
    ['version: 1\ngroup: {name: B}\nvolumes: [{source: 7}]\n', '3:20 bad-type «7»'],
    ['version: 1\ngroup: {name: B}\nvolumes: [{source: S/a, freeze: maybe}]\n', '3:33 bad-type «maybe»'],
    [
      'version: 1\ngroup: {name: B, whenMissing: later}\nvolumes: [{source: S/a}]\n',
      '2:31 bad-value «later»',
    ],
    ['- a\n- b\n', '1:3 bad-type «a»'],
  ])('%j', (text, expected) => {
    expect(pointed(text)).toEqual([expected]);
  });
});

describe('names and what meets', () => {
  const twoNames = (first: string, second: string) => pointed(file(`${first}\n${second}`));

  test.each([
    ['the same source', '- source: S/a', '- source: S/a', ['5:13 twice «S/a»']],
    ['the same backup', '- {source: S/a, backup: x}', '- {source: T/b, backup: x}', ['5:27 twice «x»']],
    [
      'a backup that is a snapshot in its group',
      '- {source: B/a, snapshot: {name: x}}',
      '- {source: S/b, backup: x}',
      ['5:27 twice «x»'],
    ],
    [
      'a snapshot with the name of a source',
      '- {source: S/a, snapshot: {name: b}}',
      '- source: S/b',
      ['4:30 twice «name»'],
    ],
  ])('%s', (_, first, second, expected) => {
    expect(twoNames(first, second)).toEqual(expected);
  });

  test('a backup with the name of a source of the same group would be copied over it', () => {
    expect(twoNames('- {source: B/a, backup: b}', '- source: B/b')).toEqual(['4:27 twice «b»']);
  });

  test.each([
    ['S/-a', 'bad-name'],
    ['S/a b', 'bad-name'],
    ['S', 'bad-source'],
    ['S/a/b', 'bad-source'],
    ['S/', 'bad-source'],
    ['/dev/mapper/S-a', 'bad-source'],
    ['/dev/../sda', 'bad-device'],
    ['/dev//sda', 'bad-device'],
  ])('source %s is refused: %s', (source, code) => {
    expect(pointed(file(`- {source: "${source}", backup: x}`))).toEqual([`4:14 ${code} «"${source}"»`]);
  });

  test.each(['snapshot1', 'pvmove0', 'a_rimage_0', 'a_tdata', 'x_mlog', '-a', 'a/b', '.', '..', 'ä'])(
    'LVM keeps or refuses the name %s',
    (name) => {
      expect(pointed(file(`- {source: S/a, backup: "${name}"}`))).toEqual([`4:27 bad-name «"${name}"»`]);
    },
  );

  test('group and volume together may be as long as device-mapper takes, where each hyphen counts twice', () => {
    // 127 in all: "B", one hyphen between, the name, and "-real".
    const longest = 'x'.repeat(127 - 1 - 1 - 5);
    expect(pointed(file(`- {source: S/a, backup: ${longest}}`))).toEqual([]);
    expect(pointed(file(`- {source: S/a, backup: ${longest}x}`))).toHaveLength(1);
    expect(pointed(file(`- {source: S/a, backup: ${longest.slice(1)}-}`))).toHaveLength(1);
  });
});

describe('what makes no sense together', () => {
  test.each([
    ['- {source: S/*, backup: x}', 'backup'],
    ['- {source: S/a, exclude: [b]}', 'exclude'],
    ['- {source: S/a, freeze: true}', 'freeze'],
    ['- {source: /dev/sda1, backup: x, set: s}', 'set'],
    ['- {source: /dev/sda1, backup: x, snapshot: {size: 1GiB}}', 'snapshot'],
  ])('%s', (volume, key) => {
    const column = 3 + volume.indexOf(`${key}:`);
    expect(pointed(file(volume))).toEqual([`4:${column} no-sense «${key}»`]);
  });

  test('a plain device needs a name for its backup', () => {
    expect(pointed(file('- source: /dev/sda1'))).toEqual(['4:13 missing-key «/dev/sda1»']);
  });

  test('points beyond the last need a pool', () => {
    const errors = errorsOf(file('- {source: S/a, keep: {daily: 7}}'));
    expect(errors.map(({ code }) => code)).toContain('no-pool');
  });

  test('a policy that is not there suggests the nearest', () => {
    const errors = errorsOf(
      file('- {source: S/a, policy: nihgtly}', 'policies: {nightly: {refreshAfter: 20h}}\n'),
    );
    expect(errors).toMatchObject([{ code: 'unknown-policy', hint: 'did you mean nightly?' }]);
  });
});

describe('no hook may freeze what LVM is about to snapshot', () => {
  test.each([
    ['[fsfreeze, --freeze, /srv]', 'fsfreeze'],
    ['[/usr/sbin/fsfreeze, -f, /srv]', 'fsfreeze'],
    ['[sudo, fsfreeze, -f, /srv]', 'fsfreeze'],
    ['[sh, -c, "sync; fsfreeze -f /srv"]', 'fsfreeze'],
    ['[xfs_freeze, -f, /srv]', 'xfs_freeze'],
    ['[dmsetup, suspend, S-a]', 'dmsetup suspend'],
  ])('%s', (argv, named) => {
    const errors = errorsOf(file(`- {source: S/a, hooks: {before: [[sync], ${argv}]}}`));
    expect(errors).toMatchObject([{ code: 'freezes', message: expect.stringContaining(`(${named})`) }]);
  });

  test('nor those of a set, nor of a policy; what only sounds like it may', () => {
    const text = file(
      '- {source: S/a, set: x, hooks: {before: [[/usr/local/bin/my-fsfreeze-check, all]]}}',
      'sets: {x: {hooks: {after: [[fsfreeze, -u, /srv]]}}}\ndefaults: {hooks: {before: [[fsfreeze, -f, /]]}}\n',
    );
    expect(errorsOf(text).map(({ code }) => code)).toEqual(['freezes', 'freezes']);
  });
});
