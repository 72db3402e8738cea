/** lsblk's tree to block devices, and what blkid and wipefs say to one probe. */
import { type Bytes, bytes } from '../units.ts';
import type { BlockDevice, DeviceProbe } from './inventory.ts';
import { mountsIn } from './mountinfo.ts';
import { flag, isObject, type JsonObject, listOf, malformed, object, text, textOrNull } from './shape.ts';

/** With NAME, for without that column lsblk writes a flat list; the tree alone shows what lies on what. */
export const LSBLK_ARGV: readonly string[] = [
  ...['lsblk', '--json', '--bytes', '--output'],
  'NAME,PATH,TYPE,SIZE,LOG-SEC,PHY-SEC,RO,ROTA,RM,FSTYPE,PARTUUID,WWN,SERIAL,MOUNTPOINTS',
];

/** Deeper than any stack of devices; a document that nests further was not written by lsblk. */
const DEEPEST = 64;

/**
 * `document` is lsblk's JSON, `readOnlyMounts` the mount points that are mounted read-only. A device that lies on
 * several others stands under each of them in the tree, and once here. Throws UserError where it is no such tree.
 */
export function readBlockDevices(
  document: unknown,
  readOnlyMounts: ReadonlySet<string>,
): Map<string, BlockDevice> {
  const roots = isObject(document) ? document.blockdevices : undefined;
  if (!Array.isArray(roots)) throw malformed('this is no output of lsblk --json: it has no "blockdevices"');
  const found = new Map<string, BlockDevice>();
  const visit = (value: unknown, parent: string | null, depth: number): void => {
    if (depth > DEEPEST) throw malformed(`lsblk's tree is deeper than ${DEEPEST} devices`);
    const node = object(value, "a device in lsblk's tree");
    const path = text(node.path, "the path of a device in lsblk's tree");
    // A device that was removed while lsblk looked at it: its name is left, and nothing is known of it.
    if (node['log-sec'] === null) return;
    const known = found.get(path) ?? blockDevice(node, path, readOnlyMounts);
    const parents = parent === null ? known.parents : [...new Set([...known.parents, parent])];
    found.set(path, { ...known, parents });
    for (const child of childrenOf(node, path)) visit(child, path, depth + 1);
  };
  for (const root of roots) visit(root, null, 1);
  return found;
}

function blockDevice(node: JsonObject, path: string, readOnlyMounts: ReadonlySet<string>): BlockDevice {
  const where = (key: string) => `what lsblk says of ${path} as ${key}`;
  const word = (key: string) => textOrNull(node[key], where(key));
  const size = (key: string) => sizeOf(node[key], where(key));
  const mountPoints = listOf(node.mountpoints ?? [], where('mountpoints'), textOrNull).filter(
    (point) => point !== null,
  );
  return {
    path,
    type: text(node.type, where('type')),
    size: size('size'),
    logicalSector: size('log-sec'),
    physicalSector: size('phy-sec'),
    readOnly: isTrue(node.ro, where('ro')),
    rotational: isTrue(node.rota, where('rota')),
    removable: isTrue(node.rm, where('rm')),
    fsType: word('fstype'),
    mountPoints,
    readOnlyMounts: mountPoints.filter((point) => readOnlyMounts.has(point)),
    parents: [],
    children: childrenOf(node, path).map((child) => text(child.path, where('child'))),
    partUuid: word('partuuid'),
    wwn: word('wwn'),
    serial: word('serial'),
  };
}

function childrenOf(node: JsonObject, path: string): readonly JsonObject[] {
  return listOf(node.children ?? [], `what lsblk says of ${path} as children`, object);
}

/** Bytes. Older lsblk writes numbers as text. */
function sizeOf(value: unknown, where: string): Bytes {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return bytes(count);
  const found = value === undefined ? 'is not there' : `is no number of bytes but ${JSON.stringify(value)}`;
  throw malformed(`${where} ${found}`);
}

/** Older lsblk writes `"1"` for true. */
function isTrue(value: unknown, where: string): boolean {
  if (value === '1' || value === '0') return value === '1';
  return flag(value, where);
}

/** Mount points whose mount is read-only, from the text of /proc/self/mountinfo. */
export function readOnlyMountsOf(mountinfo: string): Set<string> {
  const mounts = mountsIn(mountinfo).filter(({ readOnly }) => readOnly);
  return new Set(mounts.map(({ point }) => point));
}

/** `KEY=value` lines of `blkid -o export`, where a value's odd characters stand behind a backslash. */
export function readBlkid(output: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of output.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1).replace(/\\(.)/g, '$1'));
  }
  return values;
}

/** The types of all signatures in the output of `wipefs -n --json`. Throws UserError where it is none. */
export function readWipefs(output: string): readonly string[] {
  if (output.trim() === '') return [];
  const { signatures = [] } = object(parsed(output), 'the output of wipefs');
  return listOf(signatures, "wipefs's list of signatures", (value, where) =>
    text(object(value, where).type, `the type of ${where}`),
  );
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch (cause) {
    throw malformed(`the output of wipefs is no JSON: ${(cause as Error).message}`);
  }
}

export interface RawProbe {
  /** Text of `blkid -p -o export DEVICE`. */
  readonly blkid: string;
  /** Text of `wipefs -n --json DEVICE`. */
  readonly wipefs: string;
  readonly exclusive: boolean;
  readonly zeroEnds: boolean;
  readonly neverInGroup: boolean;
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
    neverInGroup: raw.neverInGroup,
  };
}
