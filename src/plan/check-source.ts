/** Whether a source can be backed up now, and what a copy of it is. */
import type { BlockDevice, Volume } from '../lvm/inventory.ts';
import { deviceNameFault, volumeNameFault } from '../lvm/names.ts';
import { isOwned, tag, tagValue } from '../lvm/tags.ts';
import type { VolumeSpec } from '../spec/spec.ts';
import type { Bytes } from '../units.ts';
import type { FileSystem, Quiesce, SourceIdentity } from './action.ts';
import { baseName, baseNameRefusal } from './base.ts';
import type { PlanBuilder } from './builder.ts';
import { checkFiles } from './check-files.ts';
import { isThin, poolRefusal } from './check-thin.ts';
import { deviceId, kernelPath, useOf } from './devices.ts';
import type { PlanInput } from './input.ts';
import type { Member, Origin } from './members.ts';
import type { ModelGroup } from './model.ts';
import { markedVolumes } from './mounted-points.ts';
import type { ErrorCode, Problem } from './problem.ts';
import { groupUnusable, refusal } from './problem-texts.ts';

export type CheckedSource =
  | {
      readonly kind: 'volume';
      readonly volume: Volume;
      readonly snapshot: string;
      /** `VG/POOL` of a thin volume; null for any other. */
      readonly pool: string | null;
      /** Its snapshot becomes the base of the next run. */
      readonly tracked: boolean;
      readonly identity: SourceIdentity;
      /** Of `method: files`: what it holds. */
      readonly fileSystem: FileSystem | null;
    }
  | {
      readonly kind: 'device';
      readonly device: BlockDevice;
      readonly identity: SourceIdentity;
      readonly quiesce: Quiesce | null;
    };

type Refuse = (code: Exclude<ErrorCode, 'insufficient-space'>, message: string, hint?: string) => Problem;

export function checkSource(
  builder: PlanBuilder,
  input: PlanInput,
  member: Member,
  unit: string,
): CheckedSource | Problem {
  const refuse: Refuse = (code, message, hint) => refusal(code, { unit }, message, hint);
  const { origin } = member;
  return origin.kind === 'volume'
    ? checkVolume(builder, input, member, origin, unit, refuse)
    : checkDevice(input, member, origin.path, refuse);
}

function checkVolume(
  builder: PlanBuilder,
  input: PlanInput,
  member: Member,
  origin: Extract<Origin, { kind: 'volume' }>,
  unit: string,
  refuse: Refuse,
): CheckedSource | Problem {
  const group = builder.model.group(origin.group);
  if (!group) {
    const hint = `see \`vgs\`; where LVM uses a devices file, it may hide the group: lvmdevices(8)`;
    return refuse('source-missing', `there is no group ${origin.group} for ${member.source}`, hint);
  }
  if (group.unusable) return groupUnusable(group, group.unusable, unit);
  const volume = group.volumes.get(origin.name);
  if (!volume)
    return refuse('source-missing', `there is no volume ${member.source}`, `see \`lvs ${origin.group}\``);
  if (tagValue(volume.tags, 'restoring') !== null) {
    return refuse(
      'source-restoring',
      `${member.source} is the target of a restore that was not finished`,
      'finish the restore first: until then it is no state worth keeping',
    );
  }
  const unfit = unsupported(volume);
  if (unfit) return refuse('source-unsupported', `${member.source} ${unfit[0]}`, unfit[1]);
  const full = poolRefusal(group, volume, unit);
  if (full) return full;
  const tracked = isTracked(member.spec);
  const noBase = tracked ? baseRefusal(builder, member, group, volume, refuse, unit) : null;
  if (noBase) return noBase;
  const fileSystem = member.spec.method === 'files' ? checkFiles(input, volume, unit) : null;
  if (fileSystem !== null && typeof fileSystem === 'object') return fileSystem;
  return {
    kind: 'volume',
    volume,
    snapshot: origin.snapshot,
    pool: isThin(volume) && volume.pool !== null ? `${group.name}/${volume.pool}` : null,
    tracked,
    fileSystem,
    identity: {
      source: member.source,
      sourceId: `${group.uuid}/${volume.uuid}`,
      host: input.host,
      size: volume.size,
    },
  };
}

/** Files are copied by rsync, which asks no list. */
function isTracked({ tracking, method }: VolumeSpec): boolean {
  return tracking === 'snapshot' && method === 'image';
}

/** What would stand in the way of a base, before anything is made. */
function baseRefusal(
  builder: PlanBuilder,
  { source, spec }: Member,
  group: ModelGroup,
  volume: Volume,
  refuse: Refuse,
  unit: string,
): Problem | null {
  const { lend } = spec.snapshot;
  const base = `${group.name}/${baseName(volume.name)}`;
  const fault = volumeNameFault(baseName(volume.name)) ?? deviceNameFault(group.name, baseName(volume.name));
  if (fault) return refuse('name-taken', `${base} cannot be made: ${fault}`, 'leave tracking out');
  // A thin snapshot lies in its pool, wherever a lent device is.
  if (lend !== null && !isThin(volume) && !staysIn(builder, group, lend)) {
    return refuse(
      'base-on-lent',
      `the base of ${source} would lie on ${lend}, which is lent for the run only (snapshot.lend)`,
      `leave tracking out, or make ${lend} a device of ${group.name} for good (vgextend)`,
    );
  }
  return baseNameRefusal(group, volume.name, unit);
}

/** The device is in the group already, and nobody has lent it. */
function staysIn(builder: PlanBuilder, group: ModelGroup, named: string): boolean {
  const use = useOf(builder.model, named);
  return use.kind === 'member' && use.group === group.name && !use.pv.lent;
}

/** Layouts whose volumes LVM takes snapshots of. */
const SNAPSHOTTABLE = new Set(['linear', 'striped', 'raid', 'cache', 'writecache', 'mirror', 'thin']);

/** What a volume is that cannot be backed up, and what to do; null where it can. */
function unsupported(volume: Volume): readonly [what: string, hint: string] | null {
  const { layout, roles } = volume;
  if (isOwned(volume.tags)) return ['is a volume of lvmbackup itself', 'take it out of the file'];
  if (layout.includes('pool')) {
    return ['is a pool: what it holds are the volumes in it, and LVM takes no snapshot of it', 'name those'];
  }
  if (volume.hidden || roles.includes('private'))
    return ['is an inner part of another volume', 'name that volume'];
  if (roles.includes('snapshot')) {
    return [
      `is a snapshot of ${volume.group}/${volume.origin}: no snapshots are taken of snapshots`,
      'name its origin; a thin snapshot that lives a life of its own can be copied with `lvmbackup copy`',
    ];
  }
  if (roles.includes('extthinorigin')) {
    return [
      'is the external origin of thin volumes: it never changes, and they read through it',
      'it needs no refresh: copy it once, with `lvmbackup copy`',
    ];
  }
  if (volume.merging) return ['takes a snapshot back (merge)', 'wait until the merge is done'];
  if (volume.health.includes('partial')) return ['has a device missing', 'bring the device back first'];
  if (!layout.some((one) => SNAPSHOTTABLE.has(one) || one.startsWith('raid'))) {
    return [`has a layout that LVM takes no snapshots of (${layout.join(', ')})`, 'leave it out'];
  }
  return null;
}

function checkDevice(
  input: PlanInput,
  member: Member,
  named: string,
  refuse: Refuse,
): CheckedSource | Problem {
  const { devices } = input.inventory;
  const device = devices?.byPath.get(kernelPath(input.inventory, named));
  if (!devices) {
    return refuse(
      'source-missing',
      `the state tells nothing of ${named}`,
      '`lvmbackup state` on the machine itself records its devices too',
    );
  }
  if (!device) return refuse('source-missing', `there is no device ${named}`, 'see `lsblk`');
  if (device.type === 'lvm') {
    return refuse(
      'source-unsupported',
      `${named} is a logical volume`,
      'write it as VG/LV, so that a snapshot is taken',
    );
  }
  const still = holdStill(input, member, device);
  if (typeof still === 'string') {
    return refuse('source-in-use', still, 'unmount it, mount it read-only, or set freeze: true');
  }
  const id = deviceId(devices, device);
  if (id === null) {
    return refuse(
      'source-unsupported',
      `${named} has nothing to know it by: no PARTUUID, no WWN, no serial number`,
      'give the disk a partition table (GPT), and name the partition',
    );
  }
  const [marked] = markedVolumes(input.inventory, id);
  if (marked !== undefined) {
    return refuse(
      'source-restoring',
      `${named} is the target of a restore that was not finished`,
      `finish it first: lvmbackup restore ${named}; where it was put right by other means: lvchange --deltag ${tag('restoring', id)} ${marked}`,
    );
  }
  const { size } = device;
  return {
    kind: 'device',
    device,
    quiesce: still,
    identity: { source: member.source, sourceId: id, host: input.host, size: size as Bytes },
  };
}

/** How the device is kept from changing while it is copied; a sentence where it cannot be. */
function holdStill(input: PlanInput, member: Member, device: BlockDevice): Quiesce | null | string {
  const below = device.children[0];
  if (below !== undefined) return `${member.source} is in use by ${below}`;
  const writable = device.mountPoints.filter((point) => !device.readOnlyMounts.includes(point));
  const [mountPoint] = writable;
  if (mountPoint === undefined || device.readOnly) return null;
  if (!member.spec.freeze)
    return `${member.source} is mounted on ${mountPoint} and may change while it is copied`;
  if (mountPoint === '[SWAP]') return `${member.source} is swap`;
  const held = neverFrozen(input, mountPoint);
  if (held !== null) return `${member.source}, mounted on ${mountPoint}, cannot be frozen: it holds ${held}`;
  const probe = input.inventory.devices?.probes.get(device.path);
  const fileSystem = probe?.signature ?? device.fsType;
  return { mountPoint, how: fileSystem === 'vfat' ? 'remount' : 'freeze', limit: member.spec.freezeLimit };
}

const SYSTEM_PATHS = ['/', '/etc', '/var', '/run'];

/** A path on that file system without which the run could not go on, or thaw it; null where there is none. */
function neverFrozen(input: PlanInput, mountPoint: string): string | null {
  const mountPoints = [...(input.inventory.devices?.byPath.values() ?? [])].flatMap((one) => one.mountPoints);
  const holder = (path: string) =>
    mountPoints
      .filter((point) => point === '/' || path === point || path.startsWith(`${point}/`))
      .sort((a, b) => b.length - a.length)[0];
  return [...SYSTEM_PATHS, ...input.neverFreeze].find((path) => holder(path) === mountPoint) ?? null;
}
