import { expect, test } from 'vitest';
import type { Volume } from '../../src/lvm/inventory.ts';
import { completePoints, restorePoints } from '../../src/plan/restore-points.ts';
import { aGroup, anInventory, aVolume } from '../helpers/machine.ts';

const tags = (state: string, time?: string, more: readonly string[] = []) => [
  'lvmbackup',
  'lvmbackup.source=SSD/root',
  'lvmbackup.sourceid=g/v',
  'lvmbackup.size=1048576',
  `lvmbackup.state=${state}`,
  ...(time === undefined ? [] : [`lvmbackup.time=${time}`, `lvmbackup.digest=sha256-256KiB:${time}`]),
  ...more,
];

const inPool = (name: string, of: readonly string[], traits: Partial<Volume> = {}) =>
  aVolume('Backup', name, 4, { tags: of, pool: 'points', layout: ['thin', 'sparse'], ...traits });

function machine(volumes: readonly Volume[]) {
  return anInventory({ groups: [aGroup('Backup', [{ device: '/dev/sdb', extents: 500 }], volumes)] });
}

test('the volumes of a rotation, newest first, what was never completed last', () => {
  const points = restorePoints(
    machine([
      aVolume('Backup', 'root-backup', 4, { tags: tags('complete', '2026-11-20T00:00:00Z') }),
      aVolume('Backup', 'root-backup.2', 4, { tags: tags('incomplete') }),
      aVolume('Backup', 'root-backup.3', 4, {
        tags: tags('damaged', '2026-11-22T00:00:00Z', ['lvmbackup.verified=2026-11-23T00:00:00Z:damaged']),
      }),
      aVolume('Backup', 'other', 4),
    ]),
  );
  expect(points.map(({ path, kind, state }) => [path, kind, state])).toEqual([
    ['Backup/root-backup.3', 'copy', 'damaged'],
    ['Backup/root-backup', 'copy', 'complete'],
    ['Backup/root-backup.2', 'copy', 'incomplete'],
  ]);
  expect(points[0]).toMatchObject({
    size: 1048576,
    verified: { time: new Date('2026-11-23T00:00:00Z'), ok: false },
  });
});

test('in a pool: the points, and the head only while no point holds what it holds', () => {
  const point = inPool('root-backup.20261120T000000Z', tags('complete', '2026-11-20T00:00:00Z'));
  const head = (time: string) => inPool('root-backup', tags('complete', time));
  const kinds = (volumes: readonly Volume[]) => restorePoints(machine(volumes)).map(({ kind }) => kind);
  expect(kinds([point, head('2026-11-20T00:00:00Z')])).toEqual(['point']);
  expect(kinds([point, head('2026-11-21T00:00:00Z')])).toEqual(['head', 'point']);
});

test('a half-made point of a dead run is none, and another source has its own', () => {
  const half = inPool(
    'root-backup.20261121T000000Z',
    tags('complete', '2026-11-21T00:00:00Z', ['lvmbackup.run=20261121T000000Z']),
  );
  expect(restorePoints(machine([half]))).toEqual([]);
  const one = aVolume('Backup', 'root-backup', 4, { tags: tags('complete', '2026-11-20T00:00:00Z') });
  expect(completePoints(machine([one]), 'g/v')).toHaveLength(1);
  expect(completePoints(machine([one]), 'g/w')).toEqual([]);
});
