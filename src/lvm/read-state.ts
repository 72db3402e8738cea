/** Reads the live state: LVM's report, lsblk, and the devices that matter, side by side. */
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode, UserError } from '../errors.ts';
import { LSBLK_ARGV, readBlockDevices } from './block-devices.ts';
import type { BlockDevice } from './inventory.ts';
import { probeDevices } from './probe-device.ts';
import { FULLREPORT_ARGV, MISSING_DEVICE } from './report-fields.ts';
import { type CommandResult, endOf, type RunCommand, reasonsOf } from './spawn.ts';
import { STATE_FORMAT, type State } from './state-file.ts';

export interface ReadOptions {
  readonly run: RunCommand;
  readonly now: Date;
  /** Paths that the file names, to be looked into; `all`: every disk and partition that nothing maps. */
  readonly devices: readonly string[] | 'all';
}

/** Throws UserError, with the way out, where LVM cannot be asked. */
export async function readState(options: ReadOptions): Promise<State> {
  checkCanAskLvm();
  return stateOf(options);
}

/** The same where it is known already that LVM can be asked. */
export async function stateOf({ run, now, devices }: ReadOptions): Promise<State> {
  const [report, lsblk, mountinfo, lvmVersion, systemId] = await Promise.all([
    run(FULLREPORT_ARGV),
    jsonOf(run, LSBLK_ARGV),
    readFile('/proc/self/mountinfo', 'utf8'),
    versionOf(run),
    systemIdOf(run),
  ]);
  const known = readBlockDevices(lsblk, new Set());
  const { fullreport, outdated } = withOutdated(await whole(report, known, run));
  const names = devices === 'all' ? await namesInDevDisk() : devices;
  const links = await linksOf(names, [...known.keys()]);
  const named = devices === 'all' ? unmapped(known) : devices.map((one) => links[one] ?? one);
  const paths = [...named, ...outdated.map(({ device }) => device)];
  return {
    formatVersion: STATE_FORMAT,
    createdAt: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    host: hostId(),
    lvmVersion,
    systemId,
    fullreport,
    lsblk,
    mountinfo,
    links,
    probes: await probeDevices(
      [...new Set(paths)].flatMap((path) => known.get(path) ?? []),
      run,
    ),
    devicesFile: await devicesFile(run),
    outdated,
  };
}

/** What LVM needs of the process and the kernel. Throws UserError, with the way out, where it is not there. */
export function checkCanAskLvm({ uid = process.getuid?.(), control = DM_CONTROL } = {}): void {
  if (uid !== 0) {
    throw new UserError(
      ExitCode.failed,
      'LVM shows its state to root only',
      'run it with sudo; or plan without root from a recorded state: lvmbackup plan --state FILE',
    );
  }
  const fault = openFault(control);
  if (fault === null) return;
  throw new UserError(
    ExitCode.failed,
    `this kernel has no device-mapper for LVM (${control}: ${fault})`,
    'modprobe dm-mod; in a container, LVM has to be run on the host',
  );
}

const DM_CONTROL = '/dev/mapper/control';

/** The node may be there without a driver behind it: LVM would then report a machine without groups. */
function openFault(path: string): string | null {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return null;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'it is missing' : code === 'ENODEV' ? 'no driver is behind it' : message;
  }
}

/**
 * LVM notes where its devices are (`lvm.conf`: hints), and looks nowhere else. One that failed for a moment while they
 * were noted stays unknown to it, alone or with all of its group, until the notes are made anew; they are all that this
 * command changes.
 */
async function whole(
  report: CommandResult,
  devices: ReadonlyMap<string, BlockDevice>,
  run: RunCommand,
): Promise<CommandResult> {
  const isNamed = (path: string) => report.stdout.includes(`"${path}"`);
  const unseen = [...devices.values()].some(({ path, fsType }) => fsType === PV && !isNamed(path));
  if (!unseen && !report.stdout.includes(`"${MISSING_DEVICE}"`)) return report;
  await run(['pvscan', '--cache']);
  return run(FULLREPORT_ARGV);
}

/** What lsblk calls a physical volume. */
const PV = 'LVM2_member';

/**
 * That a device is outdated stands in no field of the report: LVM says it beside it alone; from 2.03.26 on in the log
 * that the report holds.
 */
function withOutdated(result: CommandResult) {
  const told = `${result.stderr}\n${result.stdout}`.matchAll(OUTDATED);
  const outdated = new Map([...told].map(([, device = '', group = '']) => [device, { device, group }]));
  return { fullreport: jsonIn(result), outdated: [...outdated.values()] };
}

const OUTDATED = /outdated PV (\S+) seqno \d+ has been removed in current VG (\S+) seqno/g;

async function jsonOf(run: RunCommand, argv: readonly string[]): Promise<unknown> {
  return jsonIn(await run(argv));
}

function jsonIn(result: CommandResult): unknown {
  const { argv } = result;
  try {
    if (result.exitCode === 0) return JSON.parse(result.stdout);
  } catch {
    // Told below like any other failure.
  }
  const reasons = reasonsOf(result).join('; ');
  throw new UserError(
    ExitCode.failed,
    `${argv.slice(0, argv[0] === 'lvm' ? 2 : 1).join(' ')} gave no report (${endOf(result)})${reasons === '' ? '' : `: ${reasons}`}`,
    'see that `vgs` and `lsblk` work on this machine',
  );
}

async function versionOf(run: RunCommand): Promise<string | null> {
  const { stdout } = await run(['lvm', 'version']);
  return /LVM version:\s+(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
}

async function systemIdOf(run: RunCommand): Promise<string | null> {
  const { stdout } = await run(['lvm', 'systemid']);
  return /system ID:\s*(\S+)/.exec(stdout)?.[1] ?? null;
}

const LINK_FOLDERS = ['by-id', 'by-uuid', 'by-partuuid', 'by-partlabel', 'by-label', 'by-path'];

async function namesInDevDisk(): Promise<string[]> {
  return (await Promise.all(LINK_FOLDERS.map((folder) => namesIn(`/dev/disk/${folder}`)))).flat();
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Which of `paths` (as lsblk and LVM name the devices) each name leads to, where that is not the name itself.
 * With udev /dev/mapper/NAME is a link to /dev/dm-N too, and both tools say the former.
 */
export async function linksOf(
  names: readonly string[],
  paths: readonly string[],
): Promise<Record<string, string>> {
  const pathOf = new Map<string, string>();
  for (const path of paths) pathOf.set((await target(path)) ?? path, path);
  const links: Record<string, string> = {};
  for (const name of names) {
    const node = await target(name);
    const path = node === null ? null : (pathOf.get(node) ?? node);
    if (path !== null && path !== name) links[name] = path;
  }
  return links;
}

async function target(name: string): Promise<string | null> {
  try {
    return await realpath(name);
  } catch {
    return null;
  }
}

/** What could be lent or made a group of: no volumes, nothing that another layer has taken. */
function unmapped(known: ReadonlyMap<string, BlockDevice>): string[] {
  return [...known.values()]
    .filter(({ type, size }) => ['disk', 'part', 'loop', 'crypt'].includes(type) && size > 0)
    .map(({ path }) => path);
}

const DEVICES_FILE = '/etc/lvm/devices/system.devices';

/** null where LVM uses no devices file, which is asked only where there is one. */
async function devicesFile(run: RunCommand): Promise<string[] | null> {
  if (!existsSync(DEVICES_FILE)) return null;
  const { stdout } = await run(['lvmconfig', '--type', 'full', 'devices/use_devicesfile']);
  if (!stdout.includes('use_devicesfile=1')) return null;
  const text = await readFile(DEVICES_FILE, 'utf8');
  return [...text.matchAll(/\bDEVNAME=(\S+)/g)].map((match) => match[1] ?? '');
}

/** The first twelve characters of the machine's id; `unknown` where it has none. */
export function hostId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim().slice(0, 12) || 'unknown';
  } catch {
    return 'unknown';
  }
}
