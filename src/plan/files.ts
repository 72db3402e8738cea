/**
 * `method: files`: the file systems that can be made anew on a backup volume, and the commands that bring the files
 * over. All of them are run in a mount namespace of their own: nobody else sees these mounts, and they go with the
 * last process of it.
 */
import type { Argv } from '../lvm/commands.ts';
import type { Bytes } from '../units.ts';
import type { CopyAction, Draft, FileSystem } from './action.ts';

/** In the namespace a small file system of RAM lies there, so that the folder itself stays empty. */
export const MOUNT_ROOT = '/run/lvmbackup.files';
export const SOURCE_MOUNT = `${MOUNT_ROOT}/source`;
export const TARGET_MOUNT = `${MOUNT_ROOT}/target`;

/** By it a file system is known again as one that was made here: the volume may hold an image of its source too. */
export const LABEL = 'lvmbackup';

/** What is in the root of a backup that is not whole, for whoever mounts it by hand. */
export const MARK = '.lvmbackup-incomplete';

/** Begins the digest of a file list: an image has another. */
export const FILE_LIST_DIGEST = 'sha256-files:';

interface Kind {
  /** On the volume, which is ours: what is there may be written over. */
  readonly make: readonly string[];
  /** Options for the snapshot. */
  readonly source: string;
  /** Fills the volume after it was extended; `{device}` and `{mount}` are filled in. */
  readonly grow: readonly string[];
}

/** A journal that is not clean is replayed, into the snapshot, which is writable for that. */
const EXT: Omit<Kind, 'make'> = { source: 'ro', grow: ['resize2fs', '{device}'] };

function ext(kind: string): Kind {
  // Inodes of 256 bytes hold times to the nanosecond, also in a small file system.
  return { ...EXT, make: [`mkfs.${kind}`, '-q', '-F', '-I', '256', '-L', LABEL] };
}

const KINDS: Readonly<Record<FileSystem, Kind>> = {
  ext2: ext('ext2'),
  ext3: ext('ext3'),
  ext4: ext('ext4'),
  xfs: {
    make: ['mkfs.xfs', '-q', '-f', '-L', LABEL],
    // LVM froze it: all that counts is on the disk. The log of a read-only volume cannot be replayed.
    source: 'ro,nouuid,norecovery',
    grow: ['xfs_growfs', '{mount}'],
  },
  btrfs: {
    make: ['mkfs.btrfs', '-q', '-f', '-L', LABEL],
    source: 'ro',
    grow: ['btrfs', 'filesystem', 'resize', 'max', '{mount}'],
  },
};

export const FILE_SYSTEMS = Object.keys(KINDS) as readonly FileSystem[];

export function isFileSystem(name: string | null | undefined): name is FileSystem {
  return FILE_SYSTEMS.some((known) => known === name);
}

/** Whether its snapshot must be writable to be mounted as it ought to be. */
export function needsWritableSnapshot(kind: FileSystem): boolean {
  return kind !== 'xfs';
}

export function makeFileSystem(kind: FileSystem, device: string): Argv {
  return [...KINDS[kind].make, device];
}

export function growFileSystem(kind: FileSystem, device: string): Argv {
  return KINDS[kind].grow.map((word) => word.replace('{device}', device).replace('{mount}', TARGET_MOUNT));
}

export function mountSource(kind: FileSystem, device: string): Argv {
  return ['mount', '-t', kind, '-o', `${KINDS[kind].source},nosuid,nodev,noexec`, device, SOURCE_MOUNT];
}

export function mountTarget(kind: FileSystem, device: string, access: 'ro' | 'rw'): Argv {
  // The points of a head have its UUID.
  const beside = kind === 'xfs' ? ',nouuid' : '';
  return ['mount', '-t', kind, '-o', `${access}${beside},noatime,nosuid,nodev,noexec`, device, TARGET_MOUNT];
}

/** Times count to the nanosecond: by default rsync takes two of the same second for the same. */
const RSYNC = [
  ...['rsync', '-aHAXS', '--numeric-ids', '--delete', '--modify-window=-1'],
  `--exclude=/${MARK}`,
];

/** `rate`: bytes a second; null: as fast as it goes. */
export function transfer(rate: Bytes | null): Argv {
  return [
    ...RSYNC,
    ...(rate === null ? [] : [`--bwlimit=${Math.max(1, Math.floor(rate / 1024))}`]),
    ...['--info=progress2,stats2', '--no-human-readable', '--outbuf=L'],
    ...[`${SOURCE_MOUNT}/`, `${TARGET_MOUNT}/`],
  ];
}

/** Reads both sides whole and names what differs. */
export function compareContent(): Argv {
  const quiet = ['--dry-run', '--checksum', '--out-format=%i %n'];
  return [...RSYNC, ...quiet, ...[`${SOURCE_MOUNT}/`, `${TARGET_MOUNT}/`]];
}

/** Programs without which there is no such backup. */
export function programsFor(kind: FileSystem): string[] {
  const { make, grow } = KINDS[kind];
  return [...new Set(['rsync', make[0] ?? '', grow[0] ?? '', 'unshare', 'mount'])];
}

/** What the plan shows of it; the file system is made where the volume holds none that was made so. */
export function filesCommands(action: Draft<CopyAction>, from: string, to: string): Argv[] {
  if (!action.files) return [];
  const { fileSystem, keeps } = action.files;
  return [
    ...(keeps ? [] : [makeFileSystem(fileSystem, to)]),
    mountSource(fileSystem, from),
    mountTarget(fileSystem, to, 'rw'),
    transfer(action.rate),
  ];
}
