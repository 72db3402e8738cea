/**
 * The argument lists of every command that changes something: typed builders, and the only place that spells them.
 *
 * `-y` stands where LVM would ask about something that the plan has already decided. It is left out of pvcreate,
 * vgcreate and vgextend on purpose: there it would mean "wipe what you find". On a blank device they do not ask,
 * and where the device is blank no more they must fail.
 */
import { type Bytes, type Extents, MiB } from '../units.ts';
import type { PvUuid } from './inventory.ts';

export type Argv = readonly string[];

/** Metadata that fits before 1 MiB, so that the number of extents is known before (`pvExtents`). */
export const PV_DATA_START = MiB;

export function pvcreate(device: string, uuid: PvUuid): Argv {
  return [
    'pvcreate',
    '--uuid',
    uuid,
    '--norestorefile',
    '--dataalignment',
    '1m',
    '--metadatacopies',
    '1',
    device,
  ];
}

export function pvremove(device: string): Argv {
  return ['pvremove', '-y', device];
}

/**
 * The same of one that no group lists, and whose UUID is ours. Where `vgextend` was killed, the label says already that
 * a group uses it, and without force LVM keeps it for ever.
 */
export function pvremoveOrphan(device: string): Argv {
  return ['pvremove', '-y', '--force', '--force', device];
}

/**
 * Zeroes the MiB at each end of a device that the run made a PV of: the end first, for the label goes last.
 * The device is then blank again, as it was when it was proven so.
 */
export function zeroEnd(device: string, deviceSize: Bytes): Argv {
  return blkdiscardZero(device, deviceSize - MiB);
}

export function zeroStart(device: string): Argv {
  return blkdiscardZero(device, 0);
}

function blkdiscardZero(device: string, offset: number): Argv {
  return ['blkdiscard', '--zeroout', '--offset', String(offset), '--length', String(MiB), device];
}

export function vgcreate(group: string, extentSize: Bytes, devices: readonly string[]): Argv {
  return ['vgcreate', '--setautoactivation', 'n', '-s', `${extentSize}b`, group, ...devices];
}

export function vgextend(group: string, device: string): Argv {
  return ['vgextend', group, device];
}

export function vgreduce(group: string, device: string): Argv {
  return ['vgreduce', group, device];
}

export function forgetDevice(device: string): Argv {
  return ['lvmdevices', '--deldev', device];
}

export interface TagChange {
  readonly drop?: readonly string[];
  readonly add?: readonly string[];
}

function tagOptions({ drop = [], add = [] }: TagChange): string[] {
  return [...drop.flatMap((tag) => ['--deltag', tag]), ...add.flatMap((tag) => ['--addtag', tag])];
}

export function changeGroupTags(group: string, change: TagChange): Argv {
  return ['vgchange', ...tagOptions(change), group];
}

/**
 * From one list of tags to another in one command, for that is one change of LVM's metadata: no moment in which half
 * of it is true. LVM removes a tag that one command both drops and adds, and refuses an empty change, so a tag that
 * stays is in neither list, and no change is no command.
 */
export function changeVolumeTags(volume: string, from: readonly string[], to: readonly string[]): Argv[] {
  const options = tagOptions({
    drop: from.filter((tag) => !to.includes(tag)),
    add: to.filter((tag) => !from.includes(tag)),
  });
  return options.length === 0 ? [] : [['lvchange', ...options, volume]];
}

/** What takes extents of a group, on which of its devices; it has its tags from its first moment. */
interface Allotment {
  readonly name: string;
  readonly extents: Extents;
  readonly tags: readonly string[];
  readonly devices: readonly string[];
}

/** `from`: the group, or the origin. */
function create(from: string, { name, extents, tags, devices }: Allotment, options: readonly string[]): Argv {
  const named = ['-l', String(extents), '-n', name, ...tagOptions({ add: tags })];
  return ['lvcreate', '-y', ...options, ...named, from, ...devices];
}

/** An inactive volume with activation skip, not wiped: a whole copy follows, and its first MiB is zeroed first. */
export function createVolume(group: string, volume: Allotment): Argv {
  return create(group, volume, ['-ky', '-an', '-Wn', '-Zn']);
}

/** An inactive volume like any other, not wiped: the target of a restore that follows. */
export function createPlainVolume(group: string, volume: Allotment): Argv {
  return create(group, volume, ['-an', '-Wn', '-Zn']);
}

export function createSnapshot(origin: string, snapshot: Allotment, writable: boolean): Argv {
  return create(origin, snapshot, ['-s', ...(writable ? [] : ['-pr']), '--monitor', 'n']);
}

/**
 * Inactive, as all that is made for backups. The size of the metadata is told in bytes: LVM would choose one by rules
 * of its own.
 */
export function createPool(
  group: string,
  pool: Allotment & { readonly metadata: Bytes; readonly chunkSize: Bytes },
): Argv {
  // A chunk that is taken reads zero, whatever lvm.conf says: what was removed before must not show through.
  const sizes = ['-Zy', '--poolmetadatasize', `${pool.metadata}b`, '--chunksize', `${pool.chunkSize}b`];
  return create(group, pool, ['-an', '--type', 'thin-pool', ...sizes]);
}

/** A pool that is full gives errors (by default writers hang), and no start of the machine activates it. */
export function settlePool(pool: string): Argv {
  return ['lvchange', '-y', '--errorwhenfull', 'y', '--setautoactivation', 'n', pool];
}

/** A thin volume takes no extents: only what is written to it takes chunks of the pool. */
export function createThin(options: {
  readonly group: string;
  readonly pool: string;
  readonly name: string;
  readonly bytes: Bytes;
  readonly tags: readonly string[];
}): Argv {
  const { group, pool, name, bytes, tags } = options;
  return [
    ...['lvcreate', '-y', '-ky', '-an', '--type', 'thin', '-V', `${bytes}b`, '-n', name],
    ...tagOptions({ add: tags }),
    ...['--thinpool', pool, group],
  ];
}

/** A thin snapshot of an inactive volume: it is inactive too, and no size makes a COW snapshot of it. */
export function createPoint(head: string, name: string, tags: readonly string[]): Argv {
  return ['lvcreate', '-y', '-s', '-ky', '-n', name, ...tagOptions({ add: tags }), head];
}

/** No start of the machine activates any of the group's volumes. */
export function stopAutoactivation(group: string): Argv {
  return ['vgchange', '-y', '--setautoactivation', 'n', group];
}

/** In the pool of its origin: told a size, LVM would make a COW snapshot of it. Active at once, which thin ones are not by default. */
export function createThinSnapshot(options: {
  readonly origin: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Else read-only. */
  readonly writable: boolean;
}): Argv {
  const { origin, name, tags, writable } = options;
  return [
    ...['lvcreate', '-y', '-s', ...(writable ? [] : ['-pr']), '-kn', '--monitor', 'n', '-n', name],
    ...tagOptions({ add: tags }),
    origin,
  ];
}

/** Both names `VG/LV`, of one group. */
export function renameVolume(from: string, to: string): Argv {
  return ['lvrename', from, to];
}

export function extendVolume(volume: string, add: Extents, devices: readonly string[]): Argv {
  return ['lvextend', '-y', '-l', `+${add}`, volume, ...devices];
}

export function removeVolume(volume: string): Argv {
  return ['lvremove', '-y', volume];
}

/** Where a device of it is missing: without this mode LVM refuses, or leaves its mapping behind. */
export function removePartialVolume(volume: string): Argv {
  return ['lvremove', '-y', '--config', 'activation{activation_mode="partial"}', volume];
}

/** Takes every missing device out of the group. */
export function reduceMissing(group: string): Argv {
  return ['vgreduce', '--removemissing', group];
}

/** Tells devices that come back that the group went on without them. */
export function updateMetadata(group: string): Argv {
  return ['vgck', '--updatemetadata', group];
}

export function removesVolume([program]: Argv): boolean {
  return program === 'lvremove';
}

export function activate(volume: string, ignoreSkip: boolean): Argv {
  return ['lvchange', '-y', '-ay', ...(ignoreSkip ? ['-K'] : []), volume];
}

/**
 * So that the kernel lets nobody write to it. An activation without this makes it writable again. LVM would make the
 * pool of a thin volume read-only too, which no pool can be: there the device itself is told, and forgets it when it is
 * deactivated.
 */
export function activateReadOnly(volume: string, isThin: boolean): Argv[] {
  if (isThin) return [activate(volume, true), ['blockdev', '--setro', `/dev/${volume}`]];
  const readOnly = `activation{read_only_volume_list=["${volume}"]}`;
  return [['lvchange', '-y', '-ay', '-K', '--config', readOnly, volume]];
}

export function deactivate(volume: string): Argv {
  return ['lvchange', '-y', '-an', volume];
}

/**
 * The kernel has it as the metadata say, and what waits for it goes on. Twice: where LVM had loaded a table and was
 * killed before it was taken up, the first takes that one up, and the second the right one.
 */
export function settle(volume: string): Argv[] {
  const refresh = ['lvchange', '--refresh', volume];
  return [refresh, refresh];
}

/** A line each: the name, and how many have it open. */
export function mappedDevices(): Argv {
  return ['dmsetup', 'info', '-c', '--noheadings', '--separator', '|', '-o', 'name,open'];
}

/** By the name that device-mapper has for it. It refuses what anybody has open. */
export function unmap(name: string): Argv {
  return ['dmsetup', 'remove', '--retry', name];
}

/** Sets activation skip on a volume that is taken over. */
export function skipActivation(volume: string): Argv {
  return ['lvchange', '-y', '-ky', volume];
}

/** `pool`: what device-mapper calls the layer of a pool that works, `VG-POOL-tpool`. */
export function reserveMetadataSnapshot(pool: string): Argv {
  return ['dmsetup', 'message', pool, '0', 'reserve_metadata_snap'];
}

export function releaseMetadataSnapshot(pool: string): Argv {
  return ['dmsetup', 'message', pool, '0', 'release_metadata_snap'];
}

export function mountDevice(device: string, type: string, options: string, folder: string): Argv {
  return ['mount', '-t', type, '-o', options, device, folder];
}

export function unmount(folder: string): Argv {
  return ['umount', folder];
}

/** What is written to a file of memory then appears as a device; its path is what the command says. */
export function attachLoop(file: string): Argv {
  return ['losetup', '--find', '--show', file];
}

/** Where it is in use, it goes with its last user. */
export function detachLoop(loop: string): Argv {
  return ['losetup', '--detach', loop];
}

/** A layer over a device that is only read: writes go to `store` and are gone with it. No udev: nobody shall look at it. */
export function createOverlay(name: string, device: string, size: Bytes, store: string): Argv {
  const table = `0 ${size / 512} snapshot ${device} ${store} N 8`;
  return ['dmsetup', 'create', '--noudevsync', '--noudevrules', name, '--table', table];
}

/** Its node in /dev/mapper, which without udev nobody makes. */
export function makeNode(name: string): Argv {
  return ['dmsetup', 'mknodes', name];
}

export function removeOverlay(name: string): Argv {
  return ['dmsetup', 'remove', '--noudevsync', '--noudevrules', '--retry', name];
}
