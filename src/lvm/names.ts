/**
 * The names that LVM takes, by its own rules (`lib/misc/lvm-string.c`; its manual's list is shorter), so that a name
 * is refused before the first command and not by it.
 */

const RESERVED_PREFIXES = ['snapshot', 'pvmove'];
const RESERVED_PARTS = [
  ...['_cdata', '_cmeta', '_corig', '_cpool', '_cvol', '_wcorig', '_mimage', '_mlog', '_rimage', '_rmeta'],
  ...['_tdata', '_tmeta', '_vdata', '_imeta', '_iorig', '_pmspare', '_vorigin'],
];

/** Why LVM refuses a volume group's name; null where it takes it. */
export function groupNameFault(name: string): string | null {
  if (name === '') return 'a name must have at least one character';
  const odd = /[^A-Za-z0-9+_.-]/u.exec(name);
  if (odd) return `LVM takes no ${JSON.stringify(odd[0])} in a name: letters, digits, + _ . and - only`;
  if (name.startsWith('-')) return 'LVM takes no name that begins with -';
  if (name === '.' || name === '..') return `LVM takes no volume named ${name}`;
  if (name.length > 127) return 'LVM takes names of at most 127 characters';
  return null;
}

/** Why LVM refuses a logical volume's name; null where it takes it. */
export function volumeNameFault(name: string): string | null {
  const fault = groupNameFault(name);
  if (fault) return fault;
  const prefix = RESERVED_PREFIXES.find((one) => name.startsWith(one));
  if (prefix) return `LVM keeps names that begin with ${prefix} for itself`;
  const part = RESERVED_PARTS.find((one) => name.includes(one));
  return part ? `LVM keeps names with ${part} for itself` : null;
}

/** What LVM adds to a name for the longest of the devices behind it: `-cow`, `-real`. */
const LONGEST_SUFFIX = '-real'.length;
const DEVICE_MAPPER_NAME = 127;

/** Why the two names together are too long for device-mapper, which doubles every hyphen; null where they are not. */
export function deviceNameFault(group: string, volume: string): string | null {
  const doubled = (name: string) => name.length + (name.match(/-/g)?.length ?? 0);
  const length = doubled(group) + 1 + doubled(volume) + LONGEST_SUFFIX;
  if (length <= DEVICE_MAPPER_NAME) return null;
  return `${group}/${volume} is ${length - DEVICE_MAPPER_NAME} characters too long for device-mapper, where every - counts twice`;
}

/** Of the UUIDs of physical volumes that we make. */
export const OUR_UUID_PREFIX = 'LvmBkp-';

/** Of those that stay in a group of backups: nothing but an administrator ever takes them away. */
export const KEPT_UUID_PREFIX = `${OUR_UUID_PREFIX}Kept-`;

/** A disk that was away during recovery proves by its UUID that it was lent. */
export function isLentUuid(uuid: string): boolean {
  return uuid.startsWith(OUR_UUID_PREFIX) && !uuid.startsWith(KEPT_UUID_PREFIX);
}

/** Of the layers in device-mapper that journals are replayed into. */
export const OVERLAY_PREFIX = 'lvmbackup-overlay-';
