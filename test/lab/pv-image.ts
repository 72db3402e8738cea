/**
 * What LVM would read off one physical volume, from its bytes alone: the label, the header of the metadata area, the
 * text that it points to. Enough for groups of that one device and linear volumes. (LVM 2, lib/format_text.)
 */

const SECTOR = 512;

export type Config = { [key: string]: Config | string | number | (string | number)[] };

export interface ImageVolume {
  readonly name: string;
  readonly tags: readonly string[];
  /** Bytes from the start of the device. */
  readonly start: number;
  readonly length: number;
}

/** The linear volumes of the group; none where the device says nothing yet. */
export function volumesOn(image: Buffer): ImageVolume[] {
  const text = metadataText(image);
  if (text === null) return [];
  const group = Object.values(parseConfig(text)).find((value) => isSection(value) && 'extent_size' in value);
  const { extent_size, physical_volumes, logical_volumes } = group as Config;
  const pv = Object.values(physical_volumes as Config)[0] as Config;
  const extent = Number(extent_size) * SECTOR;
  return Object.entries((logical_volumes as Config | undefined) ?? {}).map(([name, volume]) => {
    const { segment1, segment_count, tags } = volume as Config;
    const { stripes, extent_count } = segment1 as Config;
    if (segment_count !== 1 || !Array.isArray(stripes)) throw new Error(`${name} is not linear`);
    const start = Number(pv.pe_start) * SECTOR + Number(stripes[1]) * extent;
    return { name, tags: (tags as string[]) ?? [], start, length: Number(extent_count) * extent };
  });
}

function metadataText(image: Buffer): string | null {
  if (image.toString('latin1', SECTOR, SECTOR + 8) !== 'LABELONE') return null;
  const header = SECTOR + image.readUInt32LE(SECTOR + 20);
  let at = header + 40; // The UUID and the size come first, then data areas and metadata areas, each ended by zeros.
  while (image.readBigUInt64LE(at) !== 0n) at += 16;
  at += 16;
  const area = Number(image.readBigUInt64LE(at));
  const length = Number(image.readBigUInt64LE(at + 8));
  const [offset = 0, size = 0] = [40, 48].map((field) => Number(image.readBigUInt64LE(area + field)));
  if (offset === 0) return null;
  const end = Math.min(offset + size, length);
  const first = image.subarray(area + offset, area + end);
  // A ring: what does not fit before the end goes on behind the header.
  const rest = image.subarray(area + SECTOR, area + SECTOR + (offset + size - end));
  return Buffer.concat([first, rest]).toString();
}

const TOKEN = /#[^\n]*|"((?:[^"\\]|\\.)*)"|[{}[\]=,]|[^\s{}[\]=,"#]+/g;

/** LVM's own syntax: `key = value`, `name { … }`, lists in brackets, comments. */
export function parseConfig(text: string): Config {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !token.startsWith('#'));
  let next = 0;
  const value = (): string | number => {
    const token = tokens[next++] ?? '';
    return token.startsWith('"') ? token.slice(1, -1) : Number(token);
  };
  const list = (): (string | number)[] => {
    const values: (string | number)[] = [];
    for (next += 1; tokens[next] !== ']'; ) {
      if (tokens[next] === ',') next += 1;
      else values.push(value());
    }
    next += 1;
    return values;
  };
  const section = (): Config => {
    const found: Config = {};
    while (next < tokens.length && tokens[next] !== '}') {
      const key = tokens[next++] ?? '';
      const sign = tokens[next++];
      if (sign === '{') {
        found[key] = section();
        next += 1;
      } else found[key] = tokens[next] === '[' ? list() : value();
    }
    return found;
  };
  return section();
}

function isSection(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
