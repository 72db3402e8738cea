/** Mounts a restore point and ends that again. Whatever fails on the way, what was opened is closed. */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, truncateSync } from 'node:fs';
import * as lvm from '../lvm/commands.ts';
import type { Inventory } from '../lvm/inventory.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { OVERLAY_PREFIX } from '../lvm/names.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import type { MountWay } from '../plan/mount-way.ts';
import { idleOverlays, idlePoints, idlePool, type MountedPoint } from '../plan/mounted-points.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import { type Bytes, bytes, GiB } from '../units.ts';
import { must } from './active-point.ts';

export interface Machine {
  readonly run: RunCommand;
  /** A fresh report. */
  readonly read: () => Promise<Inventory>;
}

/** The point is active already. Throws where it cannot be mounted; no layer is left then. */
export async function mountPoint(
  { volume }: RestorePoint,
  way: Extract<MountWay, { kind: 'mount' }>,
  folder: string,
  run: RunCommand,
): Promise<void> {
  const device = mapperPath(volume.group, volume.name);
  const overlay = way.overlay ? await makeOverlay(device, volume.size, run) : null;
  try {
    const what = overlay === null ? device : `/dev/mapper/${overlay}`;
    await must(lvm.mountDevice(what, way.type, way.options, folder), run);
  } catch (error) {
    if (overlay !== null) await run(lvm.removeOverlay(overlay)).catch(() => {});
    throw error;
  }
}

/** In memory: it is gone with the machine at the latest. */
const STORE_FOLDER = '/run/lvmbackup';
/** What a replay and orphans can write at most is their journal's size; memory is taken only as it is written to. */
const MOST_STORE = GiB;

async function makeOverlay(device: string, size: Bytes, run: RunCommand): Promise<string> {
  const name = OVERLAY_PREFIX + randomBytes(4).toString('hex');
  const loop = await storeLoop(`${STORE_FOLDER}/${name}`, bytes(Math.min(size, MOST_STORE)), run);
  try {
    await must(lvm.createOverlay(name, device, size, loop), run);
    await must(lvm.makeNode(name), run);
    return name;
  } catch (error) {
    await run(lvm.removeOverlay(name)).catch(() => {});
    throw error;
  } finally {
    // The layer holds it from here on: it goes when the layer goes.
    await run(lvm.detachLoop(loop)).catch(() => {});
  }
}

/** The file has no name any more when it is in use, so that nothing of it can be left. */
async function storeLoop(path: string, size: Bytes, run: RunCommand): Promise<string> {
  mkdirSync(STORE_FOLDER, { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'wx', 0o600));
  try {
    truncateSync(path, size);
    const attach = lvm.attachLoop(path);
    const result = await run(attach);
    if (result.exitCode !== 0) await must(attach, async () => result);
    return result.stdout.trim();
  } finally {
    rmSync(path, { force: true });
  }
}

/** After the folder is unmounted. Throws CommandFailed. */
export async function endMount({ point, overlay }: MountedPoint, machine: Machine): Promise<void> {
  if (overlay !== null) await must(lvm.removeOverlay(overlay), machine.run);
  await letRest(point.path, machine);
}

/** Deactivates the point, and its pool with it, unless somebody else has them in use. */
export async function letRest(path: string, { run, read }: Machine): Promise<boolean> {
  const now = await read();
  const point = idlePoints(now).find((one) => one.path === path);
  if (!point) return false;
  const pool = idlePool(now, point.volume);
  await must(lvm.deactivate(path), run);
  if (pool !== null) await must(lvm.deactivate(pool), run);
  return true;
}

/** What mounts, verifications and restores left that were killed. Gives what was ended, a phrase each. */
export async function endLeftovers(machine: Machine): Promise<string[]> {
  const ended: string[] = [];
  for (const name of idleOverlays(await machine.read())) {
    await must(lvm.removeOverlay(name), machine.run);
    ended.push(`removed the layer ${name}, which nothing mounts`);
  }
  for (const { path } of idlePoints(await machine.read())) {
    if (await letRest(path, machine)) ended.push(`deactivated ${path}, which nobody has open`);
  }
  return ended;
}
