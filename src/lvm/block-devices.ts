/** lsblk's tree to block devices, and what blkid and wipefs say to one probe. Pure. */
import { ExitCode, UserError } from '../errors.ts';
import { bytes } from '../units.ts';
import type { BlockDevice, DeviceProbe } from './inventory.ts';

/** The tree form, for it alone shows what lies on what. */
export const LSBLK_ARGV: readonly string[] = [
  ...['lsblk', '--json', '--bytes', '--output'],
  'PATH,TYPE,SIZE,LOG-SEC,PHY-SEC,RO,ROTA,RM,FSTYPE,PARTUUID,WWN,SERIAL,MOUNTPOINTS',
];

interface LsblkNode {
  readonly path: string;
  readonly type: string;
  readonly size: number | string;
  readonly 'log-sec': number | string;
  readonly 'phy-sec': number | string;
  readonly ro: boolean | string;
  readonly rota: boolean | string;
  readonly rm: boolean | string;
  readonly fstype: string | null;
  readonly partuuid: string | null;
  readonly wwn: string | null;
  readonly serial: string | null;
  readonly mountpoints: readonly (string | null)[];
  readonly children?: readonly LsblkNode[];
}

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
    const known = found.get(node.path) ?? blockDevice(node, readOnlyMounts);
    const parents = parent === null ? known.parents : [...new Set([...known.parents, parent])];
    found.set(node.path, { ...known, parents });
    for (const child of node.children ?? []) visit(child, node.path);
  };
  for (const root of roots as LsblkNode[]) visit(root, null);
  return found;
}

function blockDevice(node: LsblkNode, readOnlyMounts: ReadonlySet<string>): BlockDevice {
  const mountPoints = (node.mountpoints ?? []).filter((point) => point !== null);
  return {
    path: node.path,
    type: node.type,
    size: bytes(Number(node.size)),
    logicalSector: bytes(Number(node['log-sec'])),
    physicalSector: bytes(Number(node['phy-sec'])),
    readOnly: isTrue(node.ro),
    rotational: isTrue(node.rota),
    removable: isTrue(node.rm),
    fsType: node.fstype,
    mountPoints,
    readOnlyMounts: mountPoints.filter((point) => readOnlyMounts.has(point)),
    parents: [],
    children: (node.children ?? []).map(({ path }) => path),
    partUuid: node.partuuid,
    wwn: node.wwn,
    serial: node.serial,
  };
}

/** Older lsblk writes `"1"` for true. */
function isTrue(value: boolean | string): boolean {
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

/** The types of all signatures in the output of `wipefs -n --json`. */
export function readWipefs(text: string): string[] {
  if (text.trim() === '') return [];
  const { signatures = [] } = JSON.parse(text) as { signatures?: readonly { type: string }[] };
  return signatures.map(({ type }) => type);
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
