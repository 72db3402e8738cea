/**
 * Records a machine for each example, so that its plan can be read anywhere: examples/states/NAME.json, as
 * `lvmbackup state` writes it on real LVM. Run it when the state's format changes: npm run record. Names as arguments:
 * these alone.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from './lvm.ts';
import { PROJECT } from './machine.ts';
import { lvmbackup, sh } from './tool.ts';
import { bootLab } from './vm.ts';

interface Machine {
  /** In MiB. A serial number gives a disk a name under /dev/disk/by-id. */
  readonly disks: readonly { readonly size: number; readonly serial: string }[];
  readonly script: string;
}

const DATABASE: Machine = {
  disks: [
    { size: 300, serial: 'SSD' },
    { size: 300, serial: 'USB-DISK' },
  ],
  script: `
    vgcreate -q data /dev/vda
    lvcreate -q -y -l 12 -n pgdata data
    lvcreate -q -y -l 4 -n pgwal data
    lvcreate -q -y -l 8 -n mail data
    vgcreate -q backups /dev/vdb`,
};

const MACHINES: Readonly<Record<string, Machine>> = {
  guide: {
    disks: [
      { size: 161, serial: 'SSD' },
      { size: 512, serial: 'USB-DISK' },
    ],
    script: `
      vgcreate -q VolGroupSSD /dev/vda
      lvcreate -q -y -l 16 -n lvolroot VolGroupSSD
      lvcreate -q -y -l 100%FREE -n lvolhome VolGroupSSD
      mke2fs -q -t ext4 /dev/VolGroupSSD/lvolroot
      mke2fs -q -t ext4 /dev/VolGroupSSD/lvolhome
      printf 'size=140MiB\\nsize=300MiB\\n' | sfdisk -q --label gpt /dev/vdb`,
  },
  'one-disk': {
    disks: [{ size: 300, serial: 'SSD' }],
    script: 'vgcreate -q system /dev/vda; lvcreate -q -y -l 30 -n root system',
  },
  set: DATABASE,
  hooks: DATABASE,
  rotation: {
    disks: [
      { size: 200, serial: 'SSD' },
      { size: 300, serial: 'USB-DISK' },
    ],
    script: 'vgcreate -q data /dev/vda; lvcreate -q -y -l 20 -n home data; vgcreate -q backups /dev/vdb',
  },
  pool: {
    disks: [
      { size: 200, serial: 'SSD' },
      { size: 400, serial: 'USB-DISK' },
    ],
    script: 'vgcreate -q data /dev/vda; lvcreate -q -y -l 20 -n home data; vgcreate -q backups /dev/vdb',
  },
  files: {
    disks: [
      { size: 200, serial: 'SSD' },
      { size: 300, serial: 'USB-DISK' },
    ],
    script: `
      vgcreate -q data /dev/vda; lvcreate -q -y -l 20 -n home data; mke2fs -q -t ext4 /dev/data/home
      vgcreate -q backups /dev/vdb`,
  },
  tracking: {
    disks: [
      { size: 400, serial: 'SSD' },
      { size: 300, serial: 'USB-DISK' },
    ],
    script: `
      vgcreate -q data /dev/vda
      lvcreate -q -y -l 20 -n home data
      lvcreate -q -y --type thin-pool -l 30 -n thin data
      lvcreate -q -y --thin -V 64m -n mail data/thin
      vgcreate -q backups /dev/vdb`,
  },
  partition: {
    disks: [
      { size: 100, serial: 'SYSTEM' },
      { size: 200, serial: 'USB-DISK' },
    ],
    script: `
      printf 'size=64MiB\\n' | sfdisk -q --label gpt /dev/vda
      udevadm settle
      mke2fs -q -t ext4 /dev/vda1
      mkdir -p /boot && mount /dev/vda1 /boot
      vgcreate -q backups /dev/vdb`,
  },
  pattern: {
    disks: [
      { size: 200, serial: 'SSD' },
      { size: 200, serial: 'USB-DISK' },
    ],
    script: `
      vgcreate -q vm /dev/vda
      for name in web db archive scratch1; do lvcreate -q -y -l 6 -n $name vm; done
      lvcreate -q -y -l 2 -n swap vm && mkswap -q /dev/vm/swap
      vgcreate -q backups /dev/vdb`,
  },
};

const wanted = process.argv.slice(2);
for (const [name, { disks, script }] of Object.entries(MACHINES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const lab = await bootLab({
    services: 'udev',
    machineId: '0123456789abcdef0123456789abcdef',
    disks: disks.map(({ size, serial }) => ({ size: size * MiB, serial })),
  });
  try {
    await sh(lab, script);
    await lab.run(['udevadm', 'settle']);
    const { stdout, stderr, exitCode } = await lvmbackup(lab, 'state');
    if (exitCode !== 0) throw new Error(stderr);
    writeFileSync(join(PROJECT, `examples/states/${name}.json`), stdout);
    process.stdout.write(`${name}: recorded\n`);
  } finally {
    await lab.close();
  }
}
