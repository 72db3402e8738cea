/** `lvmbackup mount` and `lvmbackup umount`: a restore point's file system, read-only, beside its origin. */
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { activatePoint } from '../apply/active-point.ts';
import { CommandFailed, failureOf } from '../apply/failure.ts';
import { acquireLock } from '../apply/lock.ts';
import { endMount, letRest, type Machine, mountPoint } from '../apply/mount-point.ts';
import { ExitCode, UserError } from '../errors.ts';
import { readProbe } from '../lvm/block-devices.ts';
import { unmount } from '../lvm/commands.ts';
import type { Inventory } from '../lvm/inventory.ts';
import { journalOf } from '../lvm/journal.ts';
import { mapperPath } from '../lvm/mapper.ts';
import { probeDevices } from '../lvm/probe-device.ts';
import { runCommand } from '../lvm/spawn.ts';
import { choosePoint } from '../plan/choose-point.ts';
import { type MountWay, mountWay } from '../plan/mount-way.ts';
import { mountedOn } from '../plan/mounted-points.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import { mountedJson, mountedText, umountedJson, umountedText } from '../views/mount.ts';
import type { Io } from './io.ts';
import { groupOfFile, readMachine } from './read-machine.ts';
import { unknownPoint } from './restore.ts';

export interface MountOptions {
  readonly point?: string;
  readonly file?: string;
  readonly format: 'text' | 'json';
}

const MACHINE: Machine = { run: runCommand, read: () => readMachine() };

export async function mount(
  source: string,
  directory: string,
  options: MountOptions,
  io: Io,
): Promise<ExitCode> {
  const json = options.format === 'json';
  const group = groupOfFile(options.file, io, json);
  if (group === undefined) return ExitCode.badInput;
  const lock = acquireLock(process.argv.slice(2), new Date());
  try {
    const inventory = await readMachine();
    const point = pointFor(inventory, { source, point: options.point ?? null, group });
    const folder = folderFor(directory, inventory);
    const way = await mounted(point, folder);
    const done = { point, folder, way };
    io.out(json ? `${mountedJson(done)}\n` : `${mountedText(done, io.outStyle)}\n`);
    return ExitCode.done;
  } finally {
    lock.release();
  }
}

/** Throws UserError: exit 3 where there is no such point, 4 where none is complete. */
function pointFor(inventory: Inventory, request: Parameters<typeof choosePoint>[1]): RestorePoint {
  let choice: ReturnType<typeof choosePoint>;
  try {
    choice = choosePoint(inventory, request);
  } catch (error) {
    throw unknownPoint(error, request.source);
  }
  if (choice.kind === 'point') return choice.point;
  const { path, state } = choice.newest;
  throw refused(
    `${request.source} has no complete restore point: ${path} is ${state}`,
    `to look into it all the same, name it: --point ${path}`,
  );
}

/** Made where it is missing. Throws UserError where nothing should be mounted on it. */
function folderFor(directory: string, { devices }: Inventory): string {
  const path = resolve(directory);
  if (existsSync(path) && !statSync(path).isDirectory()) throw refused(`${path} is no folder`);
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw refused(`${path} cannot be made: ${(cause as Error).message}`);
  }
  const folder = realpathSync(path);
  const taken = [...(devices?.byPath.values() ?? [])].some(({ mountPoints }) => mountPoints.includes(folder));
  if (taken) throw refused(`something is mounted on ${folder} already`, 'name another folder, or unmount it');
  return folder;
}

/** Whatever goes wrong, the point is inactive again, unless somebody else has it open. */
async function mounted(point: RestorePoint, folder: string): Promise<Extract<MountWay, { kind: 'mount' }>> {
  try {
    await activatePoint(point, runCommand);
    const way = await wayFor(point);
    if (way.kind === 'refuse') throw refused(`${point.path} holds ${way.what}`, way.hint);
    await mountPoint(point, way, folder, runCommand);
    return way;
  } catch (error) {
    await letRest(point.path, MACHINE).catch(() => {});
    throw told(error, `${point.path} could not be mounted`);
  }
}

async function wayFor({ volume }: RestorePoint): Promise<MountWay> {
  const device = mapperPath(volume.group, volume.name);
  const raw = (await probeDevices([{ path: device, size: volume.size }], runCommand))[device];
  const signature = raw ? readProbe(device, raw).signature : null;
  const journal = signature === null ? 'none' : await journalOf(device, signature, runCommand);
  return mountWay(signature, journal);
}

export async function umount(
  directory: string,
  options: Pick<MountOptions, 'format'>,
  io: Io,
): Promise<ExitCode> {
  const lock = acquireLock(process.argv.slice(2), new Date());
  try {
    const path = resolve(directory);
    const folder = existsSync(path) ? realpathSync(path) : path;
    const found = mountedOn(await readMachine(), folder);
    if (!found) {
      throw new UserError(
        ExitCode.badInput,
        `no restore point is mounted on ${folder}`,
        'what other hands unmounted is put right by: lvmbackup recover',
      );
    }
    const result = await runCommand(unmount(folder));
    if (result.exitCode !== 0) {
      throw refused(
        `${folder} could not be unmounted: ${failureOf(new CommandFailed(result)).details.join('; ')}`,
        `\`fuser -vm ${folder}\` shows who is in it`,
      );
    }
    await endMount(found, MACHINE).catch((error) => {
      throw told(error, `${folder} is unmounted, but ${found.point.path} is not inactive yet`);
    });
    const done = { point: found.point, folder };
    io.out(options.format === 'json' ? `${umountedJson(done)}\n` : `${umountedText(done)}\n`);
    return ExitCode.done;
  } finally {
    lock.release();
  }
}

function refused(message: string, hint?: string): UserError {
  return new UserError(ExitCode.refused, `${message}. Nothing was changed`, hint);
}

/** A command's own reasons behind ours. */
function told(error: unknown, what: string): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const { message, details } = failureOf(error);
  return new UserError(ExitCode.failed, [what, message, ...details].join(': '), undefined, { cause: error });
}
