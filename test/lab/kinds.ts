/** A machine with a volume of every kind. Its disks: 400, 300, 300 and 100 MiB. */
import { sh } from './tool.ts';
import type { Lab } from './vm.ts';

export async function makeAllKinds(lab: Lab): Promise<void> {
  await sh(
    lab,
    `
    vgcreate -q --addtag office kinds /dev/vda /dev/vdb /dev/vdc
    lvcreate -q -y -l 8 -n plain --addtag one --addtag two=2 kinds /dev/vda
    lvcreate -q -y -s -l 4 -n plain-snap kinds/plain /dev/vdb
    lvcreate -q -y -l 8 -n flooded kinds /dev/vda
    lvcreate -q -y -s -l 1 -n flooded-snap kinds/flooded /dev/vda
    dd if=/dev/urandom of=/dev/kinds/flooded bs=1M count=16 oflag=direct status=none
    lvcreate -q -y -l 4 -n spread kinds /dev/vdb
    lvextend -q -y -l +4 kinds/spread /dev/vdc
    lvcreate -q -y -an -l 4 -n asleep kinds /dev/vda
    lvcreate -q -y -ky -an -Wn -Zn -l 4 -n skipped --addtag lvmbackup kinds /dev/vda
    lvcreate -q -y -pr -l 2 -n readonly kinds /dev/vda
    lvcreate -q -y --type striped -i 2 -l 8 -n striped kinds /dev/vda /dev/vdb
    lvcreate -q -y --type raid1 -m 1 -l 4 -n mirrored kinds /dev/vda /dev/vdb
    lvcreate -q -y -l 8 -n cached kinds /dev/vda
    lvcreate -q -y --type cache-pool -l 4 -n fast kinds /dev/vdc
    lvconvert -q -y --type cache --cachepool kinds/fast kinds/cached
    lvcreate -q -y --type thin-pool -l 12 --chunksize 64k -n pool kinds /dev/vdc
    lvcreate -q -y --thin -V 100m -n thin kinds/pool
    lvcreate -q -y -s -n thin-snap kinds/thin
    pvcreate -q --uuid LvmBkp-abcd-EFGH-0123-4567-89ab-CDEFgh --norestorefile --dataalignment 1m --metadatacopies 1 /dev/vdd
  `,
  );
}
