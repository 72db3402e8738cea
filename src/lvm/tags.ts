/** LVM tags are the tool's only state: this file is their whole vocabulary, to write and to read. */

export const OWNED = 'lvmbackup';

/** What each tag tells; the value follows after `=`. */
export type TagKey =
  | 'source'
  | 'sourceid'
  | 'host'
  | 'size'
  | 'state'
  | 'time'
  | 'digest'
  /** How full the pool was after the copy, in percent: `24.0:10.9`, data and metadata. */
  | 'used'
  | 'verified'
  | 'run'
  | 'base'
  | 'basetime'
  | 'lent'
  | 'made'
  /** Of a pool: this run has reserved its metadata snapshot, or is about to. */
  | 'held'
  | 'restoring';

/** LVM takes `A-Za-z0-9_+.-/=!:&#`; `!` is our escape. */
const PLAIN_BYTE = /[A-Za-z0-9_+.\-/=:&#]/;
const PLAIN = /^[A-Za-z0-9_+.\-/=:&#]*$/;

/** A tag's value with every byte that LVM refuses written as `!` and two hex digits. */
export function encodeTagValue(value: string): string {
  if (PLAIN.test(value)) return value;
  return Array.from(new TextEncoder().encode(value), (byte) => {
    const character = String.fromCharCode(byte);
    return byte < 0x80 && PLAIN_BYTE.test(character) ? character : `!${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

/** The reverse of `encodeTagValue`. A `!` that no two hex digits follow stands for itself. */
export function decodeTagValue(text: string): string {
  if (!text.includes('!')) return text;
  const out: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === '!' ? /^[0-9a-f]{2}/i.exec(text.slice(at + 1, at + 3)) : null;
    if (hex) {
      out.push(Number.parseInt(hex[0], 16));
      at += 2;
    } else {
      out.push(...new TextEncoder().encode(text[at]));
    }
  }
  return new TextDecoder().decode(Uint8Array.from(out));
}

/** `{run}`, `{time}`, `{digest}` and `{used}` stay as they are: only the run knows their values. */
export const PLACEHOLDER = /^\{(run|time|digest|used)\}$/;

export function tag(key: TagKey, value: string): string {
  if (PLAIN.test(value) || PLACEHOLDER.test(value)) return `lvmbackup.${key}=${value}`;
  return `lvmbackup.${key}=${encodeTagValue(value)}`;
}

/**
 * A pool has it while a run reads its metadata. The value is where the metadata snapshot lies that the run reserved, by
 * which recovery knows it from anybody else's; 'none' as long as it is about to.
 */
export function heldTag(root: string | null): string {
  return tag('held', root ?? 'none');
}

/** The value of the first tag with that key, decoded; null where there is none. */
export function tagValue(tags: readonly string[], key: TagKey): string | null {
  const prefix = `lvmbackup.${key}=`;
  const found = tags.find((candidate) => candidate.startsWith(prefix));
  return found === undefined ? null : decodeTagValue(found.slice(prefix.length));
}

/** Every value of a key that may stand several times (`lent`, `made`). */
export function tagValues(tags: readonly string[], key: TagKey): string[] {
  const prefix = `lvmbackup.${key}=`;
  return tags.filter((one) => one.startsWith(prefix)).map((one) => decodeTagValue(one.slice(prefix.length)));
}

export function isOwned(tags: readonly string[]): boolean {
  return tags.includes(OWNED);
}

/** All tags that are ours, but for the one that says so. */
export function ourDetails(tags: readonly string[]): string[] {
  return tags.filter(isDetail);
}

/** What a tag of a backup volume says of its copy. That a device is being restored from it outlives the copy. */
export function isOfCopy(tag: string): boolean {
  return isDetail(tag) && !tag.startsWith('lvmbackup.restoring=');
}

export function isDetail(tag: string): boolean {
  return tag.startsWith('lvmbackup.');
}

export type CopyState = 'incomplete' | 'complete' | 'damaged';

/** What the tags of a backup volume say of it. */
export interface BackupRecord {
  readonly source: string;
  readonly sourceId: string;
  /** `incomplete` where the tag is missing or says something unknown: never trust what is not proven. */
  readonly state: CopyState;
  /** null where there is none, or none that is a time. */
  readonly time: Date | null;
  /** Of the content of a complete copy; null where there is none. */
  readonly digest: string | null;
}

/** null where the volume is not ours, or where its tags name no source (a snapshot, a base). */
export function readBackupRecord(tags: readonly string[]): BackupRecord | null {
  const source = tagValue(tags, 'source');
  const sourceId = tagValue(tags, 'sourceid');
  if (!isOwned(tags) || source === null || sourceId === null) return null;
  const state = tagValue(tags, 'state');
  const time = Date.parse(tagValue(tags, 'time') ?? '');
  return {
    source,
    sourceId,
    state: state === 'complete' || state === 'damaged' ? state : 'incomplete',
    time: Number.isNaN(time) ? null : new Date(time),
    digest: tagValue(tags, 'digest'),
  };
}
