/**
 * What a plan is made of. An action says what happens and why (the semantic half); `steps` are the exact
 * commands that realise it (the executable half), always derived from the former by `steps.ts`, never the other way.
 */
import type { PvUuid } from '../lvm/inventory.ts';
import type { Bytes, Extents, Seconds } from '../units.ts';

/** Numbered from 1 in the order of the plan. */
export type ActionId = number;

interface ActionBase {
  readonly id: ActionId;
  /** The source or set that the action serves; missing where it serves a whole group. */
  readonly unit?: string;
  /** Actions that must have succeeded before this one may run. */
  readonly needs?: readonly ActionId[] | undefined;
  /** The opening action whose bracket this one closes: it runs whatever happened in between. */
  readonly closes?: ActionId;
  /** It puts right what a dead run left. */
  readonly recovers?: true;
  /** One phrase for people: why this happens. */
  readonly reason: string;
}

/** A device that is, or is to become, a physical volume of a group. */
export interface PlannedPv {
  /** Kernel path: what LVM is told. */
  readonly device: string;
  /** Path as the file writes it: what people know. */
  readonly named: string;
  readonly uuid: PvUuid;
  /** The device is blank and the run makes the PV on it; false: it is an orphan PV already. */
  readonly make: boolean;
  /** UUID in the label that a run left that was killed while it made a group of the device: zeroed before. */
  readonly relabel?: PvUuid;
  readonly deviceSize: Bytes;
  /** What the group gains. */
  readonly extents: Extents;
}

/** Where an allocation goes: the physical volumes that its command names. */
export interface Placement {
  readonly devices: readonly string[];
}

export interface GroupCreate extends ActionBase {
  readonly type: 'group.create';
  readonly target: string;
  readonly extentSize: Bytes;
  readonly pvs: readonly PlannedPv[];
  readonly extents: Extents;
  readonly bytes: Bytes;
}

export interface GroupExtend extends ActionBase {
  readonly type: 'group.extend';
  readonly target: string;
  readonly device: string;
  readonly pv: PlannedPv;
  /** `lend`: opens a bracket, the device is given back. `grow`: it stays. */
  readonly purpose: 'lend' | 'grow';
  readonly extents: Extents;
  readonly bytes: Bytes;
}

/** How far a loan got, as a report shows it: what is not there need not be ended. */
export interface LoanStanding {
  readonly inGroup: boolean;
  /** The device carries the PV's label, in the group or out of it. */
  readonly labelled: boolean;
  readonly tagged: boolean;
  /** The device was away while the group went on without it: LVM still takes it for a part of the group. */
  readonly outdated: boolean;
}

export interface GroupReduce extends ActionBase {
  readonly type: 'group.reduce';
  /** For what a dead run left: what there is to end. Missing: all of it. */
  readonly standing?: LoanStanding;
  readonly target: string;
  readonly device: string;
  readonly pv: PlannedPv;
  /** Take the device out of LVM's devices file too, for it was not there before. */
  readonly forgetDevice: boolean;
  readonly extents: Extents;
  readonly bytes: Bytes;
}

/** A thin pool for the heads and points of backups. Data, metadata and spare all take extents of the group. */
export interface PoolCreate extends ActionBase {
  readonly type: 'pool.create';
  /** `VG/POOL`. */
  readonly target: string;
  /** Of its data. */
  readonly extents: Extents;
  readonly bytes: Bytes;
  readonly metadataExtents: Extents;
  readonly metadataBytes: Bytes;
  /** What the group's one spare takes, or grows by. */
  readonly spareExtents: Extents;
  readonly chunkSize: Bytes;
  readonly placement: Placement;
}

/** Who the copy is of: what the ownership tags say. */
export interface SourceIdentity {
  /** `VG/LV` or the device path as written. */
  readonly source: string;
  /** `<VG UUID>/<LV UUID>`, or what identifies a device. */
  readonly sourceId: string;
  readonly host: string;
  readonly size: Bytes;
}

export interface VolumeCreate extends ActionBase {
  readonly type: 'volume.create';
  readonly unit: string;
  /** `VG/LV`. */
  readonly target: string;
  readonly extents: Extents;
  readonly bytes: Bytes;
  readonly placement: Placement;
  /** The pool in whose chunks it lies, a thin volume; null where it takes extents. */
  readonly pool: string | null;
  readonly identity: SourceIdentity;
  /** It is the target of a restore, and none of ours: what its tag says until the point's content is there. */
  readonly restoring?: string;
}

export interface VolumeExtend extends ActionBase {
  readonly type: 'volume.extend';
  readonly unit: string;
  readonly target: string;
  /** Extents and bytes that are added. */
  readonly extents: Extents;
  readonly bytes: Bytes;
  /** The size afterwards. */
  readonly newBytes: Bytes;
  readonly placement: Placement;
}

/** What `snapshot.extend` comes to: the snapshot may grow while it is copied, in the room that is kept for it. */
export interface Growth {
  /** Percent: this full, it grows. */
  readonly at: number;
  /** Extents that it grows by at a time. */
  readonly step: Extents;
  /** Extents that are kept for it in all. */
  readonly extents: Extents;
}

export interface SnapshotCreate extends ActionBase {
  readonly type: 'snapshot.create';
  readonly unit: string;
  readonly target: string;
  readonly origin: string;
  readonly extents: Extents;
  readonly bytes: Bytes;
  readonly placement: Placement;
  readonly growth?: Growth;
  /** Its file system cannot be mounted without writing to it. */
  readonly writable?: true;
  /** The origin is inactive: it is activated for the snapshot and deactivated after its removal. */
  readonly activateOrigin: null | {
    readonly ignoreSkip: boolean;
    /** Its pool, which is inactive too. */
    readonly pool: string | null;
  };
  /** `VG/POOL` of a thin origin: its snapshot lives there and takes no extents. Null: a COW snapshot. */
  readonly pool: string | null;
}

/**
 * The snapshot becomes the base: kept until the next run, which reads only what changed since. It closes the
 * snapshot's bracket as a removal does, and is one where the copy failed.
 */
export interface SnapshotKeep extends ActionBase {
  readonly type: 'snapshot.keep';
  readonly unit: string;
  readonly target: string;
  /** `VG/LV-base`: the name that it gets. */
  readonly base: string;
  readonly origin: string;
  readonly deactivateOrigin: boolean;
  readonly deactivatePool?: string;
  /** `VG/POOL` of a thin one, which sleeps from now on; a COW snapshot is active as long as its origin is. */
  readonly pool: string | null;
  /** The backup volume whose content it is. */
  readonly backup: string;
  /** The base before it, which goes when this one has its tags. */
  readonly replaces: { readonly extents: Extents; readonly bytes: Bytes } | null;
  /** For what a dead run left: it has the tags of a base already, and lacks the name. */
  readonly tagged?: true;
  /** What it goes on taking. */
  readonly extents: Extents;
  readonly bytes: Bytes;
}

/**
 * A volume that a dead run left (an lvcreate that was killed leaves a plain one with the snapshot's name and tags), or
 * a copy beyond what the file keeps: without `recovers` it is asked for by name.
 */
export interface VolumeRemove extends ActionBase {
  readonly type: 'volume.remove';
  readonly target: string;
  /**
   * A killed lvremove of a snapshot may have left its store in the kernel, and the layer below the origin, of which LVM
   * knows nothing any more. A later snapshot of the same name would fail on them.
   */
  readonly unmap?: true;
  readonly extents: Extents;
  readonly bytes: Bytes;
}

/** A thin snapshot of the head: from then on a restore point that nothing writes to. */
export interface PointCreate extends ActionBase {
  readonly type: 'point.create';
  readonly unit: string;
  /** `VG/<backup>.<time>`; of a copy that is yet to be made the time is `{time}`. */
  readonly target: string;
  /** `VG/<backup>`. */
  readonly head: string;
  /** Of the copy that it holds; null: of the copy that this run makes. */
  readonly copied: { readonly time: string; readonly digest: string | null } | null;
  /** A dead run left the head active: it is inactive from then on. */
  readonly deactivateHead: boolean;
  /** Of the head: virtual, no extents of the group. */
  readonly extents: Extents;
  readonly bytes: Bytes;
  readonly identity: SourceIdentity;
}

export interface PointRemove extends ActionBase {
  readonly type: 'point.remove';
  readonly unit: string;
  readonly target: string;
  readonly extents: Extents;
  readonly bytes: Bytes;
}

export interface HeldPool {
  /** `VG/POOL`. */
  readonly pool: string;
  /** Where in its metadata the dead run's snapshot lies, as its tag says: `none` where it had not come so far. */
  readonly root: string;
  /** It is inactive, and is so again afterwards. */
  readonly activate: boolean;
}

/**
 * A group whose lent device is gone: its snapshots go, then it goes on without the device. Or a group in which a dead
 * run left something active, asleep or reserved.
 */
export interface GroupRepair extends ActionBase {
  readonly type: 'group.repair';
  readonly target: string;
  /** `VG/LV` of what dead runs left in it. */
  readonly leftovers: readonly string[];
  readonly lost: readonly { readonly uuid: PvUuid; readonly made: boolean }[];
  /** Origins that LVM refused to activate without the device. */
  readonly activate: readonly string[];
  /** Backup volumes that a dead run left active. */
  readonly deactivate?: readonly string[];
  /** Pools whose metadata snapshot a dead run reserved. */
  readonly release?: readonly HeldPool[];
  /** Volumes, `VG/LV`, whose devices LVM was changing when it was killed: suspended, whatever uses them hangs. */
  readonly resume?: readonly string[];
  readonly extents: Extents;
  readonly bytes: Bytes;
}

export interface SnapshotRemove extends ActionBase {
  readonly type: 'snapshot.remove';
  readonly unit: string;
  /** Backup volumes that a dead run left active. */
  readonly deactivate?: readonly string[];
  readonly target: string;
  readonly origin: string;
  readonly deactivateOrigin: boolean;
  /** LVM did not activate it while a device was away that is back now. */
  readonly activateOrigin?: boolean;
  /** The pool of a thin origin that was inactive: LVM leaves it active when its last volume is not. */
  readonly deactivatePool?: string;
  readonly extents: Extents;
  readonly bytes: Bytes;
}

/** How a mounted file system on a plain device is held still while it is copied. */
export interface Quiesce {
  readonly mountPoint: string;
  /** `freeze`: fsfreeze. `remount`: read-only and back, for file systems that cannot freeze (vfat). */
  readonly how: 'freeze' | 'remount';
  readonly limit: Seconds;
}

/** A snapshot that was kept: its origin's changes since are what is copied, and nothing else is read. */
export interface CopyBase {
  /** `VG/LV`. */
  readonly snapshot: string;
  /** What its tags say: the time of the copy that has its content. */
  readonly time: string;
  /** The size of its origin then. */
  readonly size: Bytes;
  /**
   * The backup volume that has its content, where that is another one than the target: the chunks in which the
   * manifests of the two differ are looked at too. Null: it is the target.
   */
  readonly holder: null | {
    readonly volume: string;
    /** What device-mapper calls it, whatever its name. */
    readonly uuid: string;
    readonly digest: string;
  };
}

/** File systems that `method: files` makes anew on a backup volume. */
export type FileSystem = 'ext2' | 'ext3' | 'ext4' | 'xfs' | 'btrfs';

export interface FilesTransfer {
  /** What the source holds, and the backup volume gets. */
  readonly fileSystem: FileSystem;
  /** The target is a complete backup of this kind: its file system must be there, and is brought up to date. */
  readonly keeps: boolean;
}

export interface CopyAction extends ActionBase {
  readonly type: 'copy';
  readonly unit: string;
  /** What is read: `VG/SNAPSHOT`, or the kernel path of a plain device. */
  readonly source: string;
  readonly target: string;
  /** `changed`: only what differs is written; how that is found out, the copy tells. */
  readonly mode: 'full' | 'changed' | 'files';
  readonly verify: 'none' | 'written' | 'full';
  /** Bytes a second; null: as fast as it goes. */
  readonly rate: Bytes | null;
  readonly onReadError: 'stop' | 'skip';
  /** Of the target's complete copy, which this one refreshes; null where there is none. */
  readonly lastDigest: string | null;
  /** What tells which parts of the source changed; null: all of it is read. */
  readonly since: CopyBase | null;
  /** `VG/POOL` of a thin source: what may run full meanwhile. Null for any other. */
  readonly sourcePool: string | null;
  /** Bytes of the source: what is copied at most. */
  readonly bytes: Bytes;
  /** How much of the source is read, by what is known now; null where only the run finds out. */
  readonly reads: Bytes | null;
  /** The same of what is written to the target. */
  readonly writes: Bytes | null;
  readonly identity: SourceIdentity;
  /** The tags of the target's last state, which this copy replaces (`lvmbackup.state=…` and so on). */
  readonly dropTags: readonly string[];
  /** The pool that the target lies in, `VG/POOL`; null where it takes extents. */
  readonly pool: string | null;
  /** The pool, where somebody activated it by itself and nothing in it is in use: it is inactive after this copy. */
  readonly deactivatePool?: string;
  /** Somebody left the target active, perhaps so that it cannot be written to. */
  readonly deactivateFirst?: true;
  /** No other complete copy of the source is kept: while this lasts there is none. */
  readonly onlyCopy: boolean;
  /** The target is new and reads zero: zeros need not be written. */
  readonly targetReadsZero: boolean;
  /** The backup group was activated at each start of the machine so far: that ends with its first copy. */
  readonly stopAutoactivation: boolean;
  /** Null where nobody writes to the source. */
  readonly quiesce: Quiesce | null;
  /** Of mode `files`. */
  readonly files?: FilesTransfer;
  /** It goes the other way: from a restore point to a source, or to a volume in its place. */
  readonly restore?: RestoreTraits;
}

export interface RestoreTraits {
  /** What the target's tag says meanwhile: the point's time, or its volume where it has none. */
  readonly point: string;
  /** What the point has to hold; null where it is restored as it is, by its name. */
  readonly digest: string | null;
  /** The point is read and held against its digest before the target is written to. */
  readonly checkFirst: boolean;
  /** Nobody has the point open: it is active for the restore only, also where a dead run left it active. */
  readonly activatePoint: boolean;
  /** The point lies in a pool. */
  readonly isThinPoint: boolean;
  /** The pool that LVM activates with it, `VG/POOL`; null where there is none, or it is active anyway. */
  readonly deactivatePool: string | null;
  /** What the target is before, and stays; a new one is active afterwards. */
  readonly target: 'new' | 'active' | 'inactive' | 'device';
  /** The target's tags of a restore that was not finished. */
  readonly dropTags: readonly string[];
  /**
   * Of a plain device, which can carry no tag: what it is known by, which the tag of the point says meanwhile; and the
   * volumes, `VG/LV`, whose tags say it of restores that were not finished. Null for a volume.
   */
  readonly device: null | { readonly id: string; readonly marked: readonly string[] };
}

export type HookMoment = 'before' | 'after' | 'onSuccess' | 'onFailure';

/**
 * Commands of the file's own at one moment. `before` and `after` are a bracket: what the one stopped the other starts
 * again, whatever happened in between. Without a `before` the snapshot itself opens it (of a plain device, the copy).
 */
export interface HookAction extends ActionBase {
  readonly type: 'hook';
  readonly unit: string;
  /** The source, or `set NAME`, whose hooks they are. */
  readonly target: string;
  readonly moment: HookMoment;
  readonly hooks: readonly (readonly string[])[];
  /** For each of them. */
  readonly timeout: Seconds;
  /** All that the hooks are about, with their backup volumes. */
  readonly sources: readonly { readonly source: string; readonly backup: string }[];
  /** `onSuccess`, `onFailure`: the copies that must be complete, or of which one is not. */
  readonly copies?: readonly ActionId[];
}

export type Action =
  | GroupCreate
  | GroupExtend
  | GroupReduce
  | GroupRepair
  | PoolCreate
  | VolumeCreate
  | VolumeExtend
  | VolumeRemove
  | SnapshotCreate
  | SnapshotRemove
  | SnapshotKeep
  | CopyAction
  | HookAction
  | PointCreate
  | PointRemove;

export type ActionType = Action['type'];

/** An action before it has its number: what the planner's parts hand to each other. */
export type Draft<A extends Action = Action> = A extends Action ? Omit<A, 'id'> : never;
