/**
 * What is: the state of LVM and of the block devices, as LVM's report, lsblk and blkid told it.
 * Plain values with LVM's own words; nothing here decides anything.
 */
import type { Bytes, Extents } from '../units.ts';

export type PvUuid = string & { readonly __uuid?: 'pv' };

export interface Inventory {
  /** As `lvm version` says it, `2.03.16`; null where the state does not tell. */
  readonly lvmVersion: string | null;
  /** By name. */
  readonly groups: ReadonlyMap<string, Group>;
  /** Physical volumes that belong to no group, by UUID. */
  /** Devices that LVM calls outdated: their group went on without them. `uuid`: what their label says. */
  readonly outdated: readonly {
    readonly device: string;
    readonly group: string;
    readonly uuid: PvUuid | null;
  }[];
  readonly orphans: ReadonlyMap<PvUuid, PhysicalVolume>;
  /** null: the state holds no block devices (a bare LVM report). */
  readonly devices: Devices | null;
  /** Paths in LVM's devices file; null where LVM uses none and sees every device. */
  readonly devicesFile: readonly string[] | null;
}

export interface Group {
  readonly name: string;
  readonly uuid: string;
  readonly extentSize: Bytes;
  /** LVM counts every change of the group's metadata. */
  readonly seqno: number;
  readonly extents: Extents;
  readonly free: Extents;
  readonly tags: readonly string[];
  readonly autoactivation: boolean;
  /** Why no action may touch the group; null where it is whole, local and ours to use. */
  readonly unusable: GroupFault | null;
  readonly pvs: ReadonlyMap<PvUuid, PhysicalVolume>;
  /** All volumes, hidden ones too, by name without brackets. */
  readonly volumes: ReadonlyMap<string, Volume>;
}

/** `partial`: a device is missing. `foreign`: the system ID is another machine's. `duplicate`: two groups share the name. */
export type GroupFault = 'partial' | 'exported' | 'shared' | 'foreign' | 'duplicate';

export interface PhysicalVolume {
  readonly uuid: PvUuid;
  /** Path as LVM reports it; null where the device is missing (`[unknown]`). */
  readonly device: string | null;
  /** Where it is, though the metadata calls it missing: it was away while LVM wrote that. */
  readonly calledMissing?: string;
  /**
   * Of an orphan: its label says that a group uses it, and that group is nowhere. Its other devices are away, or the
   * command that put it into the group was killed in the middle.
   */
  readonly ofLostGroup?: true;
  readonly allocatable: boolean;
  readonly deviceSize: Bytes;
  /** Where the first extent begins. */
  readonly dataStart: Bytes;
  /** 0 for an orphan. */
  readonly extents: Extents;
  readonly free: Extents;
  /** Runs of free extents in the order of their place. */
  readonly freeSegments: readonly { readonly start: number; readonly length: Extents }[];
}

export interface Volume {
  readonly name: string;
  readonly group: string;
  readonly uuid: string;
  readonly size: Bytes;
  readonly extents: Extents;
  /** LVM's `lv_role`: `public`, `origin`, `thickorigin`, `snapshot`, `thicksnapshot`, `private`, … */
  readonly roles: readonly string[];
  /** LVM's `lv_layout`: `linear`, `striped`, `raid`, `raid1`, `cache`, `thin`, `sparse`, `pool`, … */
  readonly layout: readonly string[];
  /** A part of another volume: `[root_rimage_0]`, `[lvol0_pmspare]`. */
  readonly hidden: boolean;
  /** The volume that this one is a snapshot of. */
  readonly origin: string | null;
  readonly pool: string | null;
  /** What its pool knows a thin volume by; null for anything else. */
  readonly thinId: number | null;
  readonly tags: readonly string[];
  readonly active: boolean;
  readonly open: boolean;
  /**
   * It is suspended, so that whatever uses it waits; or its device has another table than LVM would give it, or a second
   * one that was loaded and not taken up. All for moments only, unless LVM was killed in one.
   */
  readonly unsettled?: true;
  readonly skipActivation: boolean;
  readonly readOnly: boolean;
  /** Empty where all is well; else LVM's `lv_health_status`: `partial`, `refresh needed`, … */
  readonly health: string;
  readonly snapshotInvalid: boolean;
  /** A snapshot that is being merged back, or an origin that takes one back. */
  readonly merging: boolean;
  /** How full a snapshot's COW store, a thin volume or a pool is, in percent; null where LVM does not tell (inactive). */
  readonly dataPercent: number | null;
  /** How full the metadata of a thin pool is, in percent; null for anything else, and where LVM does not tell. */
  readonly metadataPercent: number | null;
  /** Bytes of a COW snapshot's or of a thin pool's chunk; null for anything else. */
  readonly chunkSize: Bytes | null;
  /** Extents taken on each physical volume, hidden parts not included (they are volumes themselves). */
  readonly allocation: readonly Allocation[];
}

export interface Allocation {
  readonly pv: PvUuid;
  readonly extents: Extents;
}

export interface Devices {
  /** By kernel path: `/dev/sdb1`, `/dev/mapper/SSD-root`. */
  readonly byPath: ReadonlyMap<string, BlockDevice>;
  /** Other names to kernel paths: `/dev/disk/by-id/usb-WD-part1` → `/dev/sdb1`. */
  readonly links: ReadonlyMap<string, string>;
  /** By kernel path: the devices that were looked into. */
  readonly probes: ReadonlyMap<string, DeviceProbe>;
}

export interface BlockDevice {
  readonly path: string;
  /** lsblk's TYPE: `disk`, `part`, `lvm`, `crypt`, `loop`, `raid1`, … */
  readonly type: string;
  readonly size: Bytes;
  readonly logicalSector: Bytes;
  readonly physicalSector: Bytes;
  readonly readOnly: boolean;
  readonly rotational: boolean;
  readonly removable: boolean;
  /** As udev knows it; null where it does not. A probe is the proof. */
  readonly fsType: string | null;
  readonly mountPoints: readonly string[];
  /** Those of them that are mounted read-only. */
  readonly readOnlyMounts: readonly string[];
  /** Kernel paths of what it lies on (a partition on its disk, a volume on its physical volumes). */
  readonly parents: readonly string[];
  /** Kernel paths of what lies on it. */
  readonly children: readonly string[];
  readonly partUuid: string | null;
  readonly wwn: string | null;
  readonly serial: string | null;
}

/** What the device itself says: read from it, not from udev's memory. */
export interface DeviceProbe {
  readonly path: string;
  /** blkid's TYPE or PTTYPE (`ext4`, `LVM2_member`, `dos`); null where it finds none. */
  readonly signature: string | null;
  /** blkid's UUID of the file system; null where it has none. */
  readonly uuid: string | null;
  readonly partUuid: string | null;
  /** Every signature that wipefs finds, by type. */
  readonly signatures: readonly string[];
  /** It opened with O_EXCL: nothing mounts it, maps it or claims it. */
  readonly exclusive: boolean;
  /** Its first and last MiB read zero, or hold nothing but what is left of a label that we made (`label-rest.ts`). */
  readonly zeroEnds: boolean;
  /** Its first MiB is a label of LVM on which no group was ever written, and its last MiB reads zero. */
  readonly neverInGroup: boolean;
}
