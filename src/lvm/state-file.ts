/** The raw state of a machine as one JSON document, and the inventory that it tells of. Pure. */
import { ExitCode, UserError } from '../errors.ts';
import { type RawProbe, readBlockDevices, readOnlyMountsOf, readProbe } from './block-devices.ts';
import type { Inventory } from './inventory.ts';
import { readReport } from './report.ts';

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
}

/** Takes a State or a bare full report of LVM. Throws UserError where it is neither. */
export function inventoryOf(document: unknown): Inventory {
  if (typeof document !== 'object' || document === null || !('formatVersion' in document)) {
    return { ...readReport(document), lvmVersion: null, devices: null, devicesFile: null };
  }
  const state = document as State;
  checkStateFormat(state.formatVersion);
  const byPath = readBlockDevices(state.lsblk, readOnlyMountsOf(state.mountinfo ?? ''));
  const probes = Object.entries(state.probes ?? {}).map(
    ([path, raw]) => [path, readProbe(path, raw)] as const,
  );
  return {
    ...readReport(state.fullreport, { systemId: state.systemId ?? null }),
    lvmVersion: state.lvmVersion ?? null,
    devices: { byPath, links: new Map(Object.entries(state.links ?? {})), probes: new Map(probes) },
    devicesFile: state.devicesFile ?? null,
  };
}

/** Throws UserError where that format's major is another. */
export function checkStateFormat(formatVersion: unknown): void {
  if (typeof formatVersion === 'string' && Number.parseInt(formatVersion, 10) === 1) return;
  throw new UserError(
    ExitCode.badInput,
    `the state has format ${JSON.stringify(formatVersion)}, this lvmbackup reads format ${STATE_FORMAT}`,
    'write it again with the same version of lvmbackup',
  );
}
