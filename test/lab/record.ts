/**
 * Records what LVM, lsblk, blkid and wipefs of this Debian say on machines of many kinds, into test/fixtures/lvm/.
 * Unit tests read it. Run it when what is asked of them changes: npm run record.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LSBLK_ARGV } from '../../src/lvm/block-devices.ts';
import { FULLREPORT_ARGV } from '../../src/lvm/report-fields.ts';
import { prepareGuide } from './guide-machine.ts';
import { makeAllKinds } from './kinds.ts';
import { MiB, makeExt4, makePartitions } from './lvm.ts';
import { PROJECT } from './machine.ts';
import { bootLab, type Lab } from './vm.ts';

const FOLDER = join(PROJECT, 'test/fixtures/lvm');

async function recordGuide(): Promise<void> {
  const lab = await prepareGuide();
  await recordState(lab, 'guide');
  await record(lab, 'guide/fullreport-all-fields.json', ['lvm', 'fullreport', '--all', ...FORMAT]);
  await lab.close();
}

const FORMAT = ['--reportformat', 'json', '--units', 'b', '--nosuffix'];

/** Every kind of volume, and the same machine once more after a boot without one of its disks. */
async function recordKinds(): Promise<void> {
  const lab = await bootLab({ disks: [400, 300, 300, 100].map((size) => ({ size: size * MiB })) });
  await makeAllKinds(lab);
  await recordState(lab, 'kinds');
  const [first, , ...others] = await lab.powerCut();
  if (first === undefined) throw new Error('no disk');
  const without = await bootLab({ disks: [first, ...others] });
  await without.run(['vgchange', '-ay']);
  await recordState(without, 'missing');
  await without.close();
  await lab.close();
}

async function recordState(lab: Lab, name: string): Promise<void> {
  await record(lab, `${name}/fullreport.json`, FULLREPORT_ARGV);
  await record(lab, `${name}/lsblk.json`, LSBLK_ARGV);
  await record(lab, `${name}/mountinfo`, ['cat', '/proc/self/mountinfo']);
}

async function recordProbes(): Promise<void> {
  const lab = await bootLab({ disks: Array.from({ length: 5 }, () => ({ size: 32 * MiB })) });
  await makeExt4(lab, '/dev/vdb');
  await lab.ok('pvcreate', '--uuid', 'LvmBkp-0000-0000-0000-0000-0000-000000', '--norestorefile', '/dev/vdc');
  await makePartitions(lab, '/dev/vdd', [8 * MiB, 16 * MiB]);
  await makeExt4(lab, '/dev/vdd2');
  await lab.ok('mkfs.vfat', '-n', 'EFI SYS', '/dev/vde');
  const devices = {
    blank: 'vda',
    ext4: 'vdb',
    pv: 'vdc',
    gpt: 'vdd',
    'blank-partition': 'vdd1',
    part: 'vdd2',
    vfat: 'vde',
  };
  for (const [name, device] of Object.entries(devices)) {
    await record(lab, `probes/${name}.blkid`, ['blkid', '-p', '-o', 'export', `/dev/${device}`]);
    await record(lab, `probes/${name}.wipefs.json`, ['wipefs', '-n', '--json', `/dev/${device}`]);
  }
  await lab.close();
}

/** Its standard output as it is. blkid of a blank device ends with 2 and says nothing. */
async function record(lab: Lab, file: string, argv: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await lab.run(argv);
  if (exitCode !== 0 && stderr.trim() !== '')
    process.stderr.write(`${argv[0]} ended with ${exitCode}\n${stderr}`);
  mkdirSync(join(FOLDER, file, '..'), { recursive: true });
  writeFileSync(join(FOLDER, file), stdout);
}

await recordGuide();
await recordKinds();
await recordProbes();
