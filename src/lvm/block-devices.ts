/** lsblk's tree to block devices, and what blkid and wipefs say to one probe. Pure. */
import { ExitCode, UserError } from '../errors.ts';
import { bytes } from '../units.ts';
import type { BlockDevice, DeviceProbe } from './inventory.ts';
import { wholeNumber } from './report-json.ts';

/** With NAME, for without that column lsblk gives a flat list, and only its tree shows what lies on what. */
export const LSBLK_ARGV: readonly string[] = [
  ...['lsblk', '--json', '--bytes', '--output'],
  'NAME,PATH,TYPE,SIZE,LOG-SEC,PHY-SEC,RO,ROTA,RM,FSTYPE,PARTUUID,WWN,SERIAL,MOUNTPOINTS',
];

/** One device as lsblk writes it; older versions write numbers and truth as text. */
type LsblkNode = Readonly<Record<string, unknown>>;

/**
 * `document` is lsblk's JSON, `readOnlyMounts` the mount points that are mounted read-only. A device that lies on
 * several others stands under each of them in the tree, and once here. Throws UserError where it is no such tree.
 */
export function readBlockDevices(
  document: unknown,
  readOnlyMounts: ReadonlySet<string>,
): Map<string, BlockDevice> {
  const roots = (document as { blockdevices?: unknown } | null)?.blockdevices;
  if (!Array.isArray(roots)) {
    throw new UserError(ExitCode.badInput, 'this is no output of lsblk --json: it has no "blockdevices"');
  }
  const found = new Map<string, BlockDevice>();
  const visit = (node: LsblkNode, parent: string | null): void => {
    const path = pathOf(node);
    const known = found.get(path) ?? blockDevice(node, path, readOnlyMounts);
    const parents = parent === null ? known.parents : [...new Set([...known.parents, parent])];
    found.set(path, { ...known, parents });
    for (const child of nodes(node.children)) visit(child, path);
  };
  for (const root of nodes(roots)) visit(root, null);
  return found;
}

function blockDevice(node: LsblkNode, path: string, readOnlyMounts: ReadonlySet<string>): BlockDevice {
  const mountPoints = texts(node.mountpoints);
  const size = (field: string) => bytes(wholeNumber(String(node[field]), `${field} of ${path}`));
  return {
    path,
    type: textOf(node.type) ?? 'unknown',
    size: size('size'),
    logicalSector: size('log-sec'),
    physicalSector: size('phy-sec'),
    readOnly: isTrue(node.ro),
    rotational: isTrue(node.rota),
    removable: isTrue(node.rm),
    fsType: textOf(node.fstype),
    mountPoints,
    readOnlyMounts: mountPoints.filter((point) => readOnlyMounts.has(point)),
    parents: [],
    children: nodes(node.children).map(pathOf),
    partUuid: textOf(node.partuuid),
    wwn: textOf(node.wwn),
    serial: textOf(node.serial),
  };
}

function pathOf(node: LsblkNode): string {
  const path = textOf(node.path);
  if (path !== null) return path;
  throw new UserError(ExitCode.badInput, 'lsblk names a device without a path');
}

function nodes(value: unknown): LsblkNode[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((one): one is LsblkNode => typeof one === 'object' && one !== null);
}

function texts(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((one) => typeof one === 'string');
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isTrue(value: unknown): boolean {
  return value === true || value === '1';
}

/** Mount points whose mount is read-only, from the text of /proc/self/mountinfo. */
export function readOnlyMountsOf(mountinfo: string): Set<string> {
  const found = new Set<string>();
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const [point, options] = [fields[4], fields[5]];
    if (point !== undefined && options?.split(',').includes('ro')) found.add(unescapeOctal(point));
  }
  return found;
}

/** The kernel writes spaces and the like in mount points as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** `KEY=value` lines of `blkid -o export`, where a value's odd characters stand behind a backslash. */
export function readBlkid(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1).replace(/\\(.)/g, '$1'));
  }
  return values;
}

/** The types of all signatures in the output of `wipefs -n --json`. Throws UserError where it is none. */
export function readWipefs(text: string): string[] {
  if (text.trim() === '') return [];
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new UserError(ExitCode.badInput, 'the output of wipefs is no JSON', undefined, { cause });
  }
  return nodes((document as LsblkNode | null)?.signatures).map(({ type }) => textOf(type) ?? 'unknown');
}

export interface RawProbe {
  /** Text of `blkid -p -o export DEVICE`. */
  readonly blkid: string;
  /** Text of `wipefs -n --json DEVICE`. */
  readonly wipefs: string;
  readonly exclusive: boolean;
  readonly zeroEnds: boolean;
}

export function readProbe(path: string, raw: RawProbe): DeviceProbe {
  const blkid = readBlkid(raw.blkid);
  return {
    path,
    signature: blkid.get('TYPE') ?? blkid.get('PTTYPE') ?? null,
    uuid: blkid.get('UUID') ?? null,
    partUuid: blkid.get('PART_ENTRY_UUID') ?? null,
    signatures: readWipefs(raw.wipefs),
    exclusive: raw.exclusive,
    zeroEnds: raw.zeroEnds,
  };
}
