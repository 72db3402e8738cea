/** Where device-mapper shows what LVM activates: `GROUP-VOLUME` or `GROUP-VOLUME-LAYER`, hyphens in names doubled. */

/** `layer`: the device behind a volume that is meant, such as `cow`, `tpool`. */
export function mapperName(group: string, volume: string, layer?: string): string {
  const doubled = [group, volume].map((name) => name.replaceAll('-', '--'));
  return [...doubled, ...(layer === undefined ? [] : [layer])].join('-');
}

/** Whether it is such a layer of any volume of the group. A hyphen that is part of a name is doubled. */
export function isLayerOf(group: string, name: string, layer: string): boolean {
  const [before, after] = [mapperName(group, ''), `-${layer}`];
  return (
    name.startsWith(before) &&
    name.endsWith(after) &&
    /^[^-].*[^-]$/.test(name.slice(before.length, -after.length))
  );
}

export function mapperPath(group: string, volume: string, layer?: string): string {
  return `/dev/mapper/${mapperName(group, volume, layer)}`;
}

/** What device-mapper knows a volume by, whatever its name: the two UUIDs without their hyphens. */
export function mapperUuid(groupUuid: string, volumeUuid: string): string {
  return `LVM-${`${groupUuid}${volumeUuid}`.replaceAll('-', '')}`;
}
