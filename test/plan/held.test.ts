/** Copies beyond what is kept that somebody holds: LVM would take his snapshots with them. */
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import type { Group, Volume } from '../../src/lvm/inventory.ts';
import { tag, tagValue } from '../../src/lvm/tags.ts';
import type { Action } from '../../src/plan/action.ts';
import { ZERO_PIECE } from '../../src/plan/emit-copy.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { bytes, extents } from '../../src/units.ts';
import { aBackedUpMachine } from '../helpers/backups.ts';
import { aVolume } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

const OLDER = [
  ...['lvmbackup', 'lvmbackup.source=SSD/root', 'lvmbackup.sourceid=uuid-SSD/uuid-SSD-root'],
  ...['lvmbackup.size=67108864', 'lvmbackup.state=complete', 'lvmbackup.time=2026-11-21T03:00:00Z'],
];

test.each([
  ['is open', { open: true }],
  ['has a snapshot', { roles: ['public', 'origin', 'thickorigin'] }],
  [
    'is what a restore was begun from that is not finished',
    { tags: [...OLDER, tag('restoring', 'part-uuid')] },
  ],
])('one that %s stays, and that is said', (why, traits) => {
  const inventory = aBackedUpMachine(
    ['root'],
    [
      { name: 'root-backup', of: 'SSD/root', time: '2026-11-22T03:00:00Z' },
      { name: 'root-backup.2', of: 'SSD/root', time: '2026-11-21T03:00:00Z', traits },
      { name: 'root-backup.3', of: 'SSD/root', time: '2026-11-20T03:00:00Z' },
    ],
  );
  const plan = planBackup(anInput(aSpec([aVolumeSpec('SSD/root')]), inventory));
  const removed = plan.actions.flatMap((action) => (action.type === 'volume.remove' ? [action.target] : []));
  // The third is written over, and the first goes when that is done.
  expect(removed).toEqual(['Backup/root-backup']);
  expect(JSON.stringify(plan)).toContain(`root-backup.2 ${why}: passed over`);
});

test('the pieces of zeros that the planner counts with are those of the copy', () => {
  expect(ZERO_PIECE).toBe(CHUNK);
});

test('that a device is being restored from it outlives a refresh; one that was left active is deactivated first', () => {
  const mark = tag('restoring', 'part-uuid');
  const inventory = aBackedUpMachine(
    ['root'],
    [
      {
        ...{ name: 'root-backup', of: 'SSD/root', time: '2026-11-22T03:00:00Z' },
        traits: {
          pool: 'p',
          layout: ['thin', 'sparse'],
          active: true,
          tags: [...OLDER.map((one) => one.replace('complete', 'damaged')), mark],
        },
      },
    ],
  );
  const pool = aVolume('Backup', 'p', 100, {
    ...{ layout: ['thin', 'pool'], roles: ['private'], tags: ['lvmbackup'], chunkSize: bytes(262_144) },
  });
  const group = inventory.groups.get('Backup') as Group;
  (group.volumes as Map<string, Volume>).set('p', pool);
  const size = { unit: 'extents', extents: extents(100) } as const;
  const spec = { name: 'p', size, chunkSize: bytes(262_144), metadata: null };
  const plan = planBackup(anInput(aSpec([aVolumeSpec('SSD/root')], { pool: spec }), inventory));
  const copy = plan.actions.find(({ type }) => type === 'copy') as Action;
  const words = commandsOf(copy).map((argv) => argv.join(' '));
  expect(words.join('\n')).not.toContain('restoring');
  expect(words.indexOf('lvchange -y -an Backup/root-backup')).toBeLessThan(
    words.indexOf('lvchange -y -ay -K Backup/root-backup'),
  );
  expect(words).toContain('lvchange -y -an Backup/root-backup');
  const after = simulate(inventory, plan.actions);
  if ('fault' in after) throw new Error(JSON.stringify(after.fault));
  const tags = after.inventory.groups.get('Backup')?.volumes.get('root-backup')?.tags ?? [];
  expect(tagValue(tags, 'restoring')).toBe('part-uuid');
});
