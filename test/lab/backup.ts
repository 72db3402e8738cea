/** One backup run in the lab, held against everything that must be true of it. */

import { expect } from 'vitest';
import { mapperName } from '../../src/lvm/mapper.ts';
import { facts, liveInventory, planDocumentOf, predicted, spanned } from './prediction.ts';
import { lvmbackup, seqnos, sh, sha256 } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

export const MiB = 1024 ** 2;

/** A machine with these disks (MiB), after a script of its administrator. */
export async function machine(diskSizes: readonly number[], script: string): Promise<Lab> {
  const lab = await bootLab({ disks: diskSizes.map((size) => ({ size: size * MiB })) });
  await sh(lab, script);
  return lab;
}

/** Plans, applies, and holds LVM's report against the prediction. Gives what apply wrote. */
export async function backUp(on: Lab, file: string): Promise<string> {
  await on.write('/root/backup.yaml', file);
  return backUpAsWritten(on);
}

export async function backUpAsWritten(on: Lab, ...options: readonly string[]): Promise<string> {
  const before = await liveInventory(on);
  const plan = await planDocumentOf(on);
  const applied = await lvmbackup(on, 'apply', '-y', ...options);
  expect(applied.exitCode, applied.stdout + applied.stderr).toBe(0);
  const prediction = predicted(before, plan);
  const totals = spanned(prediction);
  expect(facts(await liveInventory(on), totals)).toEqual(facts(prediction, totals));
  return applied.stdout;
}

/** Of a backup volume's bytes, up to the size of its source. It is inactive again afterwards. */
export async function backupDigest(on: Lab, volume: string, bytes: number): Promise<string> {
  await on.ok('lvchange', '-y', '-ay', '-K', volume);
  const text = await sh(on, `head -c ${bytes} /dev/${volume} | sha256sum`);
  await on.ok('lvchange', '-y', '-an', volume);
  return text.split(' ')[0] ?? '';
}

/** Neither LVM's metadata nor a byte of these devices is changed by the work. */
export async function unchanged(
  on: Lab,
  devices: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const look = async () => [
    await seqnos(on),
    ...(await Promise.all(devices.map((device) => sha256(on, device)))),
  ];
  const before = await look();
  await work();
  expect(await look()).toEqual(before);
}

/**
 * No snapshot but points and bases, no lent device and no tag of a run is left in any group; nothing is suspended, and
 * the kernel has nothing of a snapshot that LVM knows nothing of.
 */
export async function expectNothingLeft(on: Lab, where?: string): Promise<void> {
  const text = await on.ok('vgs', '--noheadings', '-o', 'vg_name,vg_tags,lv_name,lv_tags,lv_role');
  const left = text
    .split('\n')
    .filter((line) => /lvmbackup\.(run|lent|made|held)=/.test(line) || (isSnapshot(line) && !isKept(line)));
  expect(left, where).toEqual([]);
  expect(await leftInKernel(on), where).toEqual([]);
}

async function leftInKernel(on: Lab): Promise<string[]> {
  const rows = async (...argv: string[]) =>
    (await on.ok(...argv, '--noheadings', '--separator', '|'))
      .split('\n')
      .map((line) => line.trim().split('|'));
  const known = (await rows('lvs', '-o', 'vg_name,lv_name,lv_role')).flatMap(
    ([group = '', volume = '', role = '']) => [
      ...(role.includes('thicksnapshot') ? [mapperName(group, volume, 'cow')] : []),
      ...(role.includes('thickorigin') ? [mapperName(group, volume, 'real')] : []),
    ],
  );
  return (await rows('dmsetup', 'info', '-c', '-o', 'name,suspended'))
    .filter(([name = '', suspended]) => {
      const isForgotten = /[^-]-(cow|real)$/.test(name) && !known.includes(name);
      return suspended === 'Suspended' || isForgotten;
    })
    .map((words) => words.join(' '));
}

const isSnapshot = (line: string) => /\b(thick|thin)?snapshot\b/.test(line);
const isKept = (line: string) => /lvmbackup\.(source|base)=/.test(line);
