/** Copies beyond what is kept that somebody holds: LVM would take his snapshots with them. */
import { expect, test } from 'vitest';
import { CHUNK } from '../../src/copy/chunk.ts';
import { ZERO_PIECE } from '../../src/plan/emit-copy.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { aBackedUpMachine } from '../helpers/backups.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

test.each([
  ['is open', { open: true }],
  ['has a snapshot', { roles: ['public', 'origin', 'thickorigin'] }],
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
