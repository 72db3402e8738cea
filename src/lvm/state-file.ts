/** The raw state of a machine as one JSON document, and the inventory that it tells of. Pure. */
import { type RawProbe, readBlockDevices, readOnlyMountsOf, readProbe } from './block-devices.ts';
import type { DeviceProbe, Inventory } from './inventory.ts';
import { readReport } from './report.ts';
import { flag, isObject, listOf, malformed, mapOf, object, text, textOrNull } from './shape.ts';

export const STATE_FORMAT = '1.0';

/** What `lvmbackup state` writes: the tools' own words, so that a later reader may find more in them. */
export interface State {
  readonly formatVersion: string;
  readonly createdAt: string;
  /** First twelve characters of the machine's id. */
  readonly host: string;
  readonly lvmVersion: string | null;
  readonly systemId: string | null;
  readonly fullreport: unknown;
  readonly lsblk: unknown;
  readonly mountinfo: string;
  /** Other names to kernel paths. */
  readonly links: Readonly<Record<string, string>>;
  readonly probes: Readonly<Record<string, RawProbe>>;
  readonly devicesFile: readonly string[] | null;
  /** Devices that LVM calls outdated, and the group that went on without each. */
  readonly outdated?: readonly { readonly device: string; readonly group: string }[];
}

/** Takes a State or a bare full report of LVM. Throws UserError where it is neither. */
export function inventoryOf(document: unknown): Inventory {
  if (!isObject(document) || !('formatVersion' in document)) {
    return { ...readReport(document), lvmVersion: null, devices: null, devicesFile: null, outdated: [] };
  }
  checkStateFormat(document.formatVersion);
  const part = (key: keyof State) => `the state's "${key}"`;
  const mountinfo = textOrNull(document.mountinfo, part('mountinfo')) ?? '';
  const probes = probesOf(document.probes ?? {}, part('probes'));
  return {
    ...readReport(document.fullreport, { systemId: textOrNull(document.systemId, part('systemId')) }),
    lvmVersion: textOrNull(document.lvmVersion, part('lvmVersion')),
    devices: {
      byPath: readBlockDevices(document.lsblk, readOnlyMountsOf(mountinfo)),
      links: mapOf(document.links ?? {}, part('links'), text),
      probes,
    },
    outdated: listOf(document.outdated ?? [], part('outdated'), outdatedDevice).map((one) => ({
      ...one,
      uuid: probes.get(one.device)?.uuid ?? null,
    })),
    devicesFile:
      document.devicesFile == null ? null : listOf(document.devicesFile, part('devicesFile'), text),
  };
}

function outdatedDevice(value: unknown, where: string) {
  const { device, group } = object(value, where);
  return { device: text(device, `${where} "device"`), group: text(group, `${where} "group"`) };
}

function probesOf(value: unknown, where: string): Map<string, DeviceProbe> {
  const raw = mapOf(value, where, rawProbe);
  return new Map([...raw].map(([path, probe]) => [path, readProbe(path, probe)]));
}

function rawProbe(value: unknown, where: string): RawProbe {
  const { blkid, wipefs, exclusive, zeroEnds, neverInGroup = false } = object(value, where);
  return {
    blkid: text(blkid, `${where} "blkid"`),
    wipefs: text(wipefs, `${where} "wipefs"`),
    exclusive: flag(exclusive, `${where} "exclusive"`),
    zeroEnds: flag(zeroEnds, `${where} "zeroEnds"`),
    neverInGroup: flag(neverInGroup, `${where} "neverInGroup"`),
  };
}

/** Throws UserError where that format's major is another. */
export function checkStateFormat(formatVersion: unknown): void {
  if (typeof formatVersion === 'string' && /^1(\.\d+)?$/.test(formatVersion)) return;
  throw malformed(
    `the state has format ${JSON.stringify(formatVersion)}, this lvmbackup reads format ${STATE_FORMAT}`,
    'write it again with the same version of lvmbackup',
  );
}
