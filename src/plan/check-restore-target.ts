/** Whether a restore may write over a target: one that is named, and that nobody has in use. */
import type { Volume } from '../lvm/inventory.ts';
import { deviceNameFault, volumeNameFault } from '../lvm/names.ts';
import { isOwned } from '../lvm/tags.ts';
import { type Bytes, bytes, extentsFor } from '../units.ts';
import { bytesText, extentsText } from '../units-text.ts';
import type { PlanBuilder } from './builder.ts';
import { poolOf, poolRefusal } from './check-thin.ts';
import { UnknownPoint } from './choose-point.ts';
import { deviceId, kernelPath } from './devices.ts';
import { type ModelGroup, splitPath } from './model.ts';
import { markedVolumes } from './mounted-points.ts';
import type { ErrorCode, Problem } from './problem.ts';
import { groupUnusable, refusal } from './problem-texts.ts';

export type RestoreTarget = { readonly warnings: readonly Problem[] } & (
  | { readonly kind: 'create' }
  /** It stays so. `restoring`: tags of a restore that was not finished. `pool`: `VG/POOL` of a thin one. */
  | {
      readonly kind: 'active' | 'inactive';
      readonly restoring: readonly string[];
      readonly pool: string | null;
    }
  /** A plain device, by its kernel path; what it is known by, and the volumes that say of it that it is restored. */
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly id: string;
      readonly marked: readonly string[];
    }
);

type Refuse = (code: Exclude<ErrorCode, 'insufficient-space'>, message: string, hint?: string) => Problem;

/** `to`: `VG/LV`, or a device. Throws UnknownPoint where it is no such name. */
export function checkRestoreTarget(
  builder: PlanBuilder,
  to: string,
  size: Bytes,
  unit: string,
): RestoreTarget | Problem {
  const refuse: Refuse = (code, message, hint) => refusal(code, { unit }, message, hint);
  if (to.startsWith('/')) return checkDevice(builder, to, size, unit, refuse);
  requireName(to);
  const [groupName, name] = splitPath(to);
  const group = builder.model.group(groupName);
  if (!group) {
    return refuse(
      'group-missing',
      `there is no group ${groupName} to restore ${to} in`,
      'name a volume of a group that is there: --to VG/LV; see `vgs`',
    );
  }
  if (group.unusable) return groupUnusable(group, group.unusable, unit);
  const volume = group.volumes.get(name);
  if (!volume) return { kind: 'create', warnings: [] };
  return (
    whyNotVolume(volume, to, refuse) ??
    tooSmall(volume, group, to, size, unit) ??
    sickPool(group, volume, unit) ??
    fitting(volume, group, to, unit)
  );
}

function requireName(to: string): void {
  const [group, name] = splitPath(to);
  const fault =
    to.split('/').length === 2 ? (volumeNameFault(name) ?? deviceNameFault(group, name)) : 'it is not VG/LV';
  if (fault !== null) throw new UnknownPoint(`${to} cannot be a target: ${fault}`, 'write it as VG/LV');
}

/** Ownership comes first: a restore onto a backup would end that backup. */
function whyNotVolume(volume: Volume, to: string, refuse: Refuse): Problem | null {
  const { layout, roles } = volume;
  if (isOwned(volume.tags)) {
    return refuse(
      'name-taken',
      `${to} is a volume of lvmbackup itself`,
      'restore to another volume: --to VG/LV',
    );
  }
  if (volume.hidden || roles.includes('private') || layout.includes('pool') || roles.includes('snapshot')) {
    return refuse('name-taken', `${to} is no volume of its own (${[...layout, ...roles].join(', ')})`);
  }
  if (volume.open) {
    return refuse(
      'target-in-use',
      `${to} is open or mounted`,
      `unmount it (\`lsblk /dev/${to}\` shows where), restore to another volume with --to VG/LV, or from a rescue system`,
    );
  }
  if (volume.merging)
    return refuse('target-in-use', `${to} takes a snapshot back (merge)`, 'wait until that is done');
  if (volume.readOnly) return refuse('target-in-use', `${to} is read-only`, `lvchange -prw ${to}`);
  if (volume.health.includes('partial')) {
    return refuse(
      'target-in-use',
      `${to} has a device missing`,
      'bring the device back, or restore with --to VG/LV',
    );
  }
  return null;
}

function tooSmall(volume: Volume, group: ModelGroup, to: string, size: Bytes, unit: string): Problem | null {
  if (volume.size >= size) return null;
  const needed = extentsFor(size, group.extentSize);
  return {
    ...{ code: 'insufficient-space', severity: 'error', unit, group: group.name },
    ...{ needed, available: volume.extents, extentSize: group.extentSize },
    message: `${to} has ${extentsText(volume.extents, group.extentSize)}, and the restore point takes ${extentsText(needed, group.extentSize)}`,
    hint: `lvextend -l ${needed} ${to}, or restore to a new volume with --to VG/LV`,
  };
}

function fitting(volume: Volume, group: ModelGroup, to: string, unit: string): RestoreTarget {
  const restoring = volume.tags.filter((one) => one.startsWith('lvmbackup.restoring='));
  const snapshots = [...group.volumes.values()].filter(
    ({ origin, roles, tags }) => origin === volume.name && roles.includes('thicksnapshot') && !isOwned(tags),
  );
  const pool = poolOf(group, volume);
  const overflow = (message: string, hint: string): Problem => ({
    ...{ code: 'may-overflow', severity: 'warning', unit, group: group.name },
    ...{ message, hint },
  });
  const small = pool && mayFill(group, pool, volume);
  return {
    kind: volume.active ? 'active' : 'inactive',
    restoring,
    pool: pool ? `${group.name}/${pool.name}` : null,
    warnings: [
      ...snapshots.map(({ name }) =>
        overflow(
          `${group.name}/${name} is a snapshot of ${to}: whatever the restore writes takes room in it`,
          'one that overflows is lost',
        ),
      ),
      ...(small
        ? [
            overflow(
              `the pool ${group.name}/${pool.name} has less room than the restore of ${to} may take: it is stopped before the pool is full`,
              `lvextend -L +… ${group.name}/${pool.name}`,
            ),
          ]
        : []),
    ],
  };
}

/** One without room is only told of: how much the restore takes depends on what it shares, and the pool is watched. */
function sickPool(group: ModelGroup, volume: Volume, unit: string): Problem | null {
  const problem = poolRefusal(group, volume, unit);
  return problem?.code === 'insufficient-space' ? null : problem;
}

/** What lies nowhere in the pool yet; where snapshots may share it, all of it. */
function mayFill({ volumes }: ModelGroup, pool: Volume, volume: Volume): boolean {
  const free = pool.size * (1 - (pool.dataPercent ?? 0) / 100);
  const shares = volume.origin !== null || [...volumes.values()].some(({ origin }) => origin === volume.name);
  const own = shares ? 0 : (volume.dataPercent ?? 0) / 100;
  return volume.size * (1 - own) > free;
}

function checkDevice(
  builder: PlanBuilder,
  named: string,
  size: Bytes,
  unit: string,
  refuse: Refuse,
): RestoreTarget | Problem {
  const { devices } = builder.before;
  const path = kernelPath(builder.before, named);
  const device = devices?.byPath.get(path);
  if (!device)
    return refuse('device-missing', `there is no device ${named}`, 'see `lsblk`; another place: --to VG/LV');
  if (device.type === 'lvm') return refuse('name-taken', `${named} is a logical volume`, 'write it as VG/LV');
  const by = device.mountPoints[0] ?? device.children[0];
  if (by !== undefined)
    return refuse('target-in-use', `${named} is in use (${by})`, 'unmount it or release it first');
  if (device.readOnly) return refuse('target-in-use', `${named} is read-only`);
  if (device.size >= size) {
    const id = (devices && deviceId(devices, device)) ?? path;
    const marked = markedVolumes(builder.before, id);
    return { kind: 'device', path, id, marked, warnings: [] };
  }
  return {
    ...{ code: 'insufficient-space', severity: 'error', unit, extentSize: bytes(1) },
    ...{ needed: size, available: device.size },
    message: `${named} has ${bytesText(device.size)}, and the restore point takes ${bytesText(size)}`,
    hint: 'restore to a volume instead: --to VG/LV',
  };
}
