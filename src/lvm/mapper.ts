/** Where device-mapper shows what LVM activates: `GROUP-VOLUME` or `GROUP-VOLUME-LAYER`, hyphens in names doubled. */

/** `layer`: the device behind a volume that is meant, such as `cow`, `tpool`. */
export function mapperName(group: string, volume: string, layer?: string): string {
  const doubled = [group, volume].map((name) => name.replaceAll('-', '--'));
  return [...doubled, ...(layer === undefined ? [] : [layer])].join('-');
}

export function mapperPath(group: string, volume: string, layer?: string): string {
  return `/dev/mapper/${mapperName(group, volume, layer)}`;
}

/** What device-mapper knows a volume by, whatever its name: the two UUIDs without their hyphens. */
export function mapperUuid(groupUuid: string, volumeUuid: string): string {
  return `LVM-${`${groupUuid}${volumeUuid}`.replaceAll('-', '')}`;
}
