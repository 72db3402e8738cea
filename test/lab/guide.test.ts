import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUpAsWritten } from './backup.ts';
import { prepareGuide } from './guide-machine.ts';
import { startWriter } from './lvm.ts';
import { planDocumentOf } from './prediction.ts';
import { lvmbackup, PROGRAM, seqnos, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await prepareGuide();
});
afterAll(() => lab?.close());

test('plan shows the whole job and changes nothing', async () => {
  const before = await seqnos(lab);
  const plan = await lvmbackup(lab, 'plan', '-v');
  expect(plan.exitCode).toBe(0);
  expect(plan.stdout).toContain('lend /dev/vdb1 to VolGroupSSD');
  expect(await seqnos(lab)).toBe(before);
});

test('the recorded state gives the same plan as the machine itself', async () => {
  const live = await planDocumentOf(lab);
  expect((await lvmbackup(lab, 'state', '--out', 'state.json')).exitCode).toBe(0);
  const recorded = await lvmbackup(lab, 'plan', '--state', 'state.json', '--format', 'json');
  const { actions, problems } = JSON.parse(recorded.stdout);
  expect(problems).toEqual(live.problems);
  expect(withoutChosenUuids(actions)).toEqual(withoutChosenUuids(live.actions));
});

test('apply without a terminal and without -y is refused, with nothing changed', async () => {
  const before = await seqnos(lab);
  const apply = await lvmbackup(lab, 'apply');
  expect(apply.exitCode).toBe(4);
  expect(await seqnos(lab)).toBe(before);
});

test('on a terminal apply asks, and takes only a yes', async () => {
  const before = await seqnos(lab);
  const asked = lab.tty([process.execPath, PROGRAM, 'apply'], { cwd: '/root' });
  await asked.until(/Only "yes" is taken as yes/);
  asked.input('y\n');
  expect(await asked.wait()).toMatchObject({ exitCode: 4 });
  expect(asked.stdout).toContain('not confirmed');
  expect(await seqnos(lab)).toBe(before);
});

test('apply makes whole, owned, inactive backups while a writer is at work, and leaves nothing behind', async () => {
  const writer = await startWriter(lab, '/mnt/lvolhome');
  await backUpAsWritten(lab);
  await writer.stop();
  const all = await volumes(lab);
  expect(all.map((line) => line.split(' ')[0])).toEqual([
    'VolGroupBackupDisk/lvolhome-backup',
    'VolGroupBackupDisk/lvolroot-backup',
    'VolGroupSSD/lvolhome',
    'VolGroupSSD/lvolroot',
  ]);
  expect(all.filter((line) => line.includes('lvmbackup.state=complete'))).toHaveLength(2);
  expect(await lab.ok('vgs', '--noheadings', '-o', 'pv_name', 'VolGroupSSD')).toMatch(/^\s*\/dev\/vda\s*$/);
  expect(await lab.ok('vgs', '--noheadings', '-o', 'vg_tags', 'VolGroupSSD')).toMatch(/^\s*$/);
  expect((await lab.run(['blkid', '-p', '/dev/vdb1'])).stdout).not.toContain('LVM2_member');
});

test('the backup is the source: what was there before can be read from it', async () => {
  await sh(
    lab,
    `
    lvchange -y -ay -K VolGroupBackupDisk/lvolroot-backup
    mkdir -p /mnt/check && mount -o ro,noload /dev/VolGroupBackupDisk/lvolroot-backup /mnt/check
  `,
  );
  expect(await sha256(lab, '/mnt/check/before')).toBe(await sha256(lab, '/mnt/lvolroot/before'));
  await sh(lab, 'umount /mnt/check; lvchange -an VolGroupBackupDisk/lvolroot-backup');
});

test('planning again: no changes', async () => {
  const plan = await lvmbackup(lab, 'plan', '--detailed-exitcode');
  expect(plan.exitCode).toBe(0);
  expect(plan.stdout).toContain('No changes');
});

/** Each plan chooses UUIDs of its own for the physical volumes that it makes. */
function withoutChosenUuids(actions: unknown): string {
  return JSON.stringify(actions, null, 1).replace(/LvmBkp-[\w-]{31}/g, 'UUID');
}
