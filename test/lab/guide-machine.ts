/** The guide's machine in small: a full group, and a disk with a partition to lend and one for the backups. */
import { sh } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const MiB = 1024 ** 2;

export const FILE = `version: 1
group:
  name: VolGroupBackupDisk
  devices: [/dev/vdb2]
  extentSize: 8MiB
defaults:
  refreshAfter: 20h
  snapshot: {lend: /dev/vdb1}
volumes:
  - source: VolGroupSSD/lvolroot
  - source: VolGroupSSD/lvolhome
`;

export async function prepareGuide(): Promise<Lab> {
  const lab = await bootLab({ disks: [{ size: 161 * MiB }, { size: 512 * MiB }] });
  await sh(
    lab,
    `
    vgcreate -q VolGroupSSD /dev/vda
    lvcreate -q -y -l 16 -n lvolroot VolGroupSSD
    lvcreate -q -y -l 100%FREE -n lvolhome VolGroupSSD
    for name in lvolroot lvolhome; do
      mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/VolGroupSSD/$name
      mkdir -p /mnt/$name
      mount /dev/VolGroupSSD/$name /mnt/$name
      dd if=/dev/urandom of=/mnt/$name/before bs=1M count=10 status=none
    done
    printf 'size=140MiB\\nsize=300MiB\\n' | sfdisk -q --label gpt /dev/vdb
  `,
  );
  await lab.write('/root/backup.yaml', FILE);
  return lab;
}
