/** Machines with backups in them, for what looks at restore points. */
import type { Group, Inventory, Volume } from '../../src/lvm/inventory.ts';
import { aGroup, anInventory, aVolume } from './machine.ts';

export interface Kept {
  readonly name: string;
  /** `VG/LV`, whose identity is made as `aGroup` and `aVolume` make it. */
  readonly of: string;
  readonly count?: number;
  /** Of the snapshot that was copied; none for a copy that was never finished. */
  readonly time?: string;
  readonly state?: 'complete' | 'incomplete' | 'damaged';
  readonly verified?: string;
  readonly traits?: Partial<Volume>;
}

/** A backup volume with its tags. */
export function aBackup({ name, of, count = 16, time, state = 'complete', verified, traits }: Kept): Volume {
  const [group, volume] = of.split('/');
  const id = of.startsWith('/') ? `part${of}` : `uuid-${group}/uuid-${group}-${volume}`;
  return aVolume('Backup', name, count, {
    active: false,
    skipActivation: true,
    tags: [
      ...['lvmbackup', `lvmbackup.source=${of}`, `lvmbackup.sourceid=${id}`, 'lvmbackup.host=0123456789ab'],
      ...[`lvmbackup.size=${count * 4 * 1024 ** 2}`, `lvmbackup.state=${state}`],
      ...(time === undefined ? [] : [`lvmbackup.time=${time}`]),
      ...(verified === undefined ? [] : [`lvmbackup.verified=${verified}`]),
    ],
    ...traits,
  });
}

/** The group SSD with these volumes of 16 extents, and the group Backup with these backups. */
export function aBackedUpMachine(
  sources: readonly string[],
  kept: readonly Kept[],
  traits: { readonly ssd?: Partial<Group>; readonly more?: readonly Volume[] } = {},
): Inventory {
  const volumes = [...sources.map((name) => aVolume('SSD', name, 16)), ...(traits.more ?? [])];
  return anInventory({
    groups: [
      aGroup('SSD', [{ device: '/dev/sda2', extents: 200 }], volumes, traits.ssd ?? {}),
      aGroup('Backup', [{ device: '/dev/sdb2', extents: 500 }], kept.map(aBackup)),
    ],
  });
}
