/**
 * Every kind of LVM's commands that a run has, killed at a spread of times within it. How long it takes is measured
 * first; then it is begun again and again, and killed a little later each time. What is left is put right each time.
 */
import { afterEach, expect, test } from 'vitest';
import * as lvm from '../../src/lvm/commands.ts';
import type { PvUuid } from '../../src/lvm/inventory.ts';
import { bytes, extents, MiB } from '../../src/units.ts';
import { trial } from '../helpers/faults.ts';
import { expectNothingLeft, machine } from './backup.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

const LENT = 'LvmBkp-UCy6-Pz4b-Mo2I-5sBT-2Enq-ZzSWnC' as PvUuid;
const KEPT = ['ab12', 'cd34'].map((part) => `LvmBkp-Kept-${part}-sw1H-Jh0l-72UJ-t4jwuY` as PvUuid);
const SPREAD = Array.from({ length: 18 }, (_, index) => 0.3 + index * 0.04);

const RUN = ['lvmbackup', 'lvmbackup.run=20261126T000000Z'];
const BASE = ['lvmbackup', 'lvmbackup.base=B/root-backup', 'lvmbackup.basetime=20261126T000000Z'];
const LOAN = [`lvmbackup.lent=${LENT}`, `lvmbackup.made=${LENT}`];

const thick = (tags: readonly string[]) =>
  lvm.createSnapshot('S/root', { name: 'root-snap', extents: extents(4), tags, devices: [] }, false);
const thin = (tags: readonly string[]) =>
  lvm.createThinSnapshot({ origin: 'S/thin', name: 'thin-snap', tags, writable: false });
const pool = lvm.createPool('S', {
  ...{ name: 'p', extents: extents(3), metadata: bytes(4 * MiB), chunkSize: bytes(64 * 1024) },
  ...{ tags: RUN, devices: [] },
});
const makeLent = lvm.pvcreate('/dev/vdb', LENT);
const announce = lvm.changeGroupTags('S', { add: LOAN });
const lend = [announce, makeLent, lvm.vgextend('S', '/dev/vdb')];

/** What the run did before; the command that is killed; what puts it right. */
const KILLED: readonly [
  what: string,
  before: readonly lvm.Argv[],
  killed: lvm.Argv,
  by: 'recover' | 'apply',
][] = [
  ['lvcreate of a snapshot', [], thick(RUN), 'recover'],
  ['lvextend of a snapshot', [thick(RUN)], lvm.extendVolume('S/root-snap', extents(2), []), 'recover'],
  ['lvremove of a snapshot', [thick(RUN)], lvm.removeVolume('S/root-snap'), 'recover'],
  ['lvrename of a base', [thick(BASE)], lvm.renameVolume('S/root-snap', 'S/root-base'), 'recover'],
  ['lvcreate of a thin snapshot', [], thin(RUN), 'recover'],
  ['lvremove of a thin snapshot', [thin(RUN)], lvm.removeVolume('S/thin-snap'), 'recover'],
  ['lvcreate of a pool', [], pool, 'recover'],
  ['pvcreate of what is lent', [announce], makeLent, 'recover'],
  ['vgextend', [announce, makeLent], lvm.vgextend('S', '/dev/vdb'), 'recover'],
  ['vgreduce', lend, lvm.vgreduce('S', '/dev/vdb'), 'recover'],
  ['pvremove', [...lend, lvm.vgreduce('S', '/dev/vdb')], lvm.pvremove('/dev/vdb'), 'recover'],
  [
    'vgcreate on two disks',
    [lvm.pvcreate('/dev/vdc', KEPT[0] as PvUuid), lvm.pvcreate('/dev/vdd', KEPT[1] as PvUuid)],
    lvm.vgcreate('B', bytes(4 * MiB), ['/dev/vdc', '/dev/vdd']),
    'apply',
  ],
];

/** Before each of them: nothing of ours, and three disks that are blank. */
const BLANK = `
  lvremove -q -y --select lv_tags=lvmbackup
  if vgs B; then lvremove -q -y B; vgremove -q B; fi
  for disk in vdb vdc vdd; do blkdiscard --zeroout --length 1048576 /dev/$disk; done`;

test.runIf(process.env.FULL).each(KILLED)(
  '%s is killed at a spread of times',
  async (what, before, killed, by) => {
    on = await machine(
      [80, 40, 40, 40],
      `vgcreate -q S /dev/vda
       lvcreate -q -y -l 3 -n root S
       lvcreate -q -y --type thin-pool -l 4 --chunksize 64k -n pool S; lvcreate -q -y --thin -V 12m -n thin S/pool
       for n in root thin; do head -c 12582912 /dev/urandom > /dev/S/$n; done`,
    );
    await on.write(
      '/root/backup.yaml',
      'version: 1\ngroup: {name: B, devices: [/dev/vdc, /dev/vdd]}\nvolumes: [{source: S/root}]\n',
    );
    const sums = async (lab: Lab) => [await sha256(lab, '/dev/S/root'), await sha256(lab, '/dev/S/thin')];
    const origins = await sums(on);
    const ready = [BLANK, ...before.map((argv) => argv.join(' '))].join('\n');
    const command = killed.join(' ');

    const putRight = async (lab: Lab, where: string): Promise<void> => {
      const { exitCode, stdout, stderr } =
        by === 'recover' ? await lvmbackup(lab, 'recover') : await lvmbackup(lab, 'apply', '-y');
      expect(exitCode, where + stdout + stderr).toBe(0);
      await expectNothingLeft(lab, where);
      expect(await sums(lab), where).toEqual(origins);
      expect((await lab.run(['blkid', '-p', '/dev/vdb'])).stdout, where).toBe('');
    };

    const told = await sh(
      on,
      `${ready}\nbegan=$(date +%s%N); ${command}; echo $((($(date +%s%N) - began) / 1000000))`,
    );
    const whole = Number(/\d+\s*$/.exec(told)?.[0]);
    await putRight(on, `${what}, not killed\n`);
    await trial('each kind of LVM command', `${what} is killed`, async (count) => {
      for (const part of SPREAD) {
        count.tried += 1;
        const seconds = ((whole * part) / 1000).toFixed(3);
        await sh(on as Lab, `${ready}\n${command} & sleep ${seconds}; kill -9 $! || true; wait || true`);
        await putRight(on as Lab, `${what}, killed after ${seconds} s\n`);
        count.survived += 1;
      }
    });
  },
  3_600_000,
);
