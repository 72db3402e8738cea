/** Points, verifications and mounts as they are shown, and as the schemas have them. */
import { describe, expect, test } from 'vitest';
import { validateMount, validatePoints, validateVerify } from '../../src/generated/validators.js';
import { OWNED, tag } from '../../src/lvm/tags.ts';
import { pointIn, type RestorePoint } from '../../src/plan/restore-points.ts';
import { bytes, MiB } from '../../src/units.ts';
import { mountedJson, mountedText, umountedJson } from '../../src/views/mount.ts';
import { pointsJson, pointsText } from '../../src/views/points.ts';
import { PLAIN } from '../../src/views/style.ts';
import { type VerifiedPoint, verifyJson, verifyText } from '../../src/views/verify.ts';
import { aVolume } from '../helpers/machine.ts';
import { CLOCK } from '../helpers/specs.ts';

function aPoint(name: string, source: string, state: string, more: readonly string[] = []): RestorePoint {
  const tags = [OWNED, tag('source', source), tag('sourceid', 'a/b'), tag('state', state), ...more];
  return pointIn(aVolume('B', name, 10, { tags })) as RestorePoint;
}

const WHOLE = aPoint('root-backup', 'S/root', 'complete', [
  ...[tag('time', '2026-11-23T05:00:00Z'), tag('digest', 'sha256-256KiB:ab'), tag('size', String(40 * MiB))],
  ...[tag('host', 'ab'), tag('verified', '2026-11-23T06:00:00Z:ok')],
]);
const TORN = aPoint('home-backup', 'S/home', 'incomplete');

describe('points', () => {
  test('as a table, by source', () => {
    expect(pointsText([WHOLE, TORN], CLOCK, PLAIN).split('\n')).toEqual([
      'Source  time (UTC)            age  state       size      volume         verified',
      'S/home  -                     -    incomplete  -         B/home-backup  never',
      'S/root  2026-11-23T05:00:00Z  4 h  complete    40.0 MiB  B/root-backup  2026-11-23T06:00:00Z ok',
    ]);
    expect(pointsText([], CLOCK, PLAIN)).toContain('no restore point');
  });

  test('as the schema says', () => {
    const document = JSON.parse(pointsJson([WHOLE, TORN]));
    expect(validatePoints(document), JSON.stringify(validatePoints.errors)).toBe(true);
    expect(document.points[0]).toMatchObject({
      source: 'S/root',
      volume: 'B/root-backup',
      verified: { ok: true },
    });
  });
});

describe('a verification', () => {
  const about = {
    source: 'S/root',
    volume: 'B/root-backup',
    time: CLOCK,
    size: null,
    bytes: MiB,
    sampled: null,
  };
  const damaged = [{ start: bytes(5 * MiB), length: bytes(262_144) }];
  const found: VerifiedPoint[] = [
    { ...about, ok: true, damaged: [] },
    { ...about, ok: false, damaged },
    { ...about, ok: false, damaged: null },
    { ...about, ok: false, damaged: null, unread: 'lvchange failed (exit code 5): no such device' },
  ];
  const passedOver = [{ point: TORN, reason: 'it is not complete' }];

  test('as the schema says: places in bytes, null where nothing tells them', () => {
    let text = '';
    verifyJson((more) => {
      text += more;
    }, null).end(found, passedOver);
    const document = JSON.parse(text);
    expect(validateVerify(document), JSON.stringify(validateVerify.errors)).toBe(true);
    expect(document.points.map((one: { damaged: unknown }) => one.damaged)).toEqual([
      ...[[], [{ offset: 5 * MiB, length: 262_144 }], null, null],
    ]);
  });

  test('in words', () => {
    let text = '';
    const out = (more: string) => {
      text += more;
    };
    const view = verifyText({ out, err: out, outStyle: PLAIN, errStyle: PLAIN, live: false });
    for (const one of found) view.done(one);
    view.done({ ...about, ok: true, damaged: [], sampled: 5 });
    view.end(found, passedOver);
    expect(text).toContain('ok S/root as of 2026-11-23T09:15:00Z (B/root-backup): 1.0 MiB read');
    expect(text).toContain('262144 bytes at byte 5242880');
    expect(text).toContain('no manifest here tells where');
    expect(text).toContain('not read S/root as of 2026-11-23T09:15:00Z (B/root-backup): lvchange failed');
    expect(text).toContain('a sample of 1.0 MiB (5%) read');
    expect(text).toContain('passed over S/home, B/home-backup: it is not complete');
  });
});

describe('a mount', () => {
  const way = { kind: 'mount', type: 'xfs', options: 'ro,nouuid', overlay: true } as const;

  test('says where, of when, what was replayed, and how it is ended', () => {
    expect(mountedText({ point: WHOLE, folder: '/mnt/x', way }, PLAIN).split('\n')).toEqual([
      'S/root as of 2026-11-23T05:00:00Z (B/root-backup) is mounted read-only on /mnt/x (xfs).',
      expect.stringContaining('journal was not clean'),
      'To end it: lvmbackup umount /mnt/x',
    ]);
    expect(mountedText({ point: TORN, folder: '/mnt/x', way }, PLAIN)).toContain('It is incomplete');
  });

  test('as the schema says', () => {
    for (const text of [
      mountedJson({ point: WHOLE, folder: '/m', way }),
      umountedJson({ point: TORN, folder: '/m' }),
    ]) {
      expect(validateMount(JSON.parse(text)), JSON.stringify(validateMount.errors)).toBe(true);
    }
  });
});
