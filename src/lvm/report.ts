/** LVM's full report to groups, volumes and physical volumes. Pure, and linear in the number of volumes. */
import { type Bytes, bytes, type Extents, extents } from '../units.ts';
import type {
  Allocation,
  Group,
  GroupFault,
  Inventory,
  PhysicalVolume,
  PvUuid,
  Volume,
} from './inventory.ts';
import { MISSING_DEVICE, type Row } from './report-fields.ts';
import {
  extentCount,
  isSet,
  list,
  percentage,
  type ReportEntry,
  reportEntries,
  wholeNumber,
} from './report-json.ts';
import { malformed } from './shape.ts';

/** What the report alone cannot tell. */
export interface Host {
  /** This machine's LVM system ID; null where it has none, or where the report is another machine's. */
  readonly systemId: string | null;
}

export type LvmState = Pick<Inventory, 'groups' | 'orphans'>;

/** `document` is the parsed JSON. Throws UserError where it is no full report. */
export function readReport(document: unknown, host: Host = { systemId: null }): LvmState {
  const groups = new Map<string, Group>();
  const orphans = new Map<PvUuid, PhysicalVolume>();
  for (const entry of reportEntries(document)) {
    const [vg] = entry.vg;
    if (vg === undefined) {
      for (const row of entry.pv) {
        const lost = isSet(row.pv_in_use) ? ({ ofLostGroup: true } as const) : {};
        orphans.set(row.pv_uuid, { ...physicalVolume(row, []), ...lost });
      }
      continue;
    }
    const group = readGroup(vg, entry, host);
    const other = groups.get(group.name);
    groups.set(group.name, other ? { ...group, unusable: 'duplicate' } : group);
  }
  return { groups, orphans };
}

function readGroup(vg: Row<'vg'>, entry: ReportEntry, host: Host): Group {
  const places = placesOf(entry);
  const pvs = new Map(
    entry.pv.map((row) => [row.pv_uuid, physicalVolume(row, places.free.get(row.pv_uuid) ?? [])]),
  );
  const extentSize = extentSizeOf(vg);
  const segments = new Map(entry.seg.map((row) => [row.lv_uuid, row]));
  const volumes = new Map<string, Volume>();
  for (const row of entry.lv) {
    const taken = places.taken.get(row.lv_uuid) ?? [];
    const volume = readVolume(row, vg.vg_name, extentSize, taken, segments.get(row.lv_uuid));
    volumes.set(volume.name, volume);
  }
  const all = total(pvs, (pv) => pv.extents);
  if (!Number.isSafeInteger(all * extentSize)) throw tooLarge(vg.vg_name);
  return {
    name: vg.vg_name,
    uuid: vg.vg_uuid,
    extentSize,
    seqno: wholeNumber(vg.vg_seqno, 'vg_seqno'),
    extents: all,
    free: total(pvs, (pv) => pv.free),
    tags: list(vg.vg_tags),
    autoactivation: isSet(vg.vg_autoactivation),
    unusable: faultOf(vg, pvs, host),
    pvs,
    volumes,
  };
}

function extentSizeOf({ vg_name: name, vg_extent_size: size }: Row<'vg'>): Bytes {
  const value = wholeNumber(size, 'vg_extent_size');
  if (value > 0) return bytes(value);
  throw malformed(`LVM's report says that the extents of ${name} have no size`);
}

function tooLarge(group: string) {
  return malformed(`the group ${group} is larger than lvmbackup can count (8 PiB)`);
}

function total(pvs: ReadonlyMap<PvUuid, PhysicalVolume>, pick: (pv: PhysicalVolume) => Extents): Extents {
  return extents([...pvs.values()].reduce((sum, pv) => sum + pick(pv), 0));
}

function faultOf(vg: Row<'vg'>, pvs: ReadonlyMap<PvUuid, PhysicalVolume>, host: Host): GroupFault | null {
  if (isSet(vg.vg_partial) || [...pvs.values()].some((pv) => pv.device === null)) return 'partial';
  if (isSet(vg.vg_exported)) return 'exported';
  if (isSet(vg.vg_shared) || isSet(vg.vg_clustered)) return 'shared';
  // LVM shows a foreign group's volumes only when asked to; its own ID on a group is no fault.
  if (host.systemId !== null && vg.vg_systemid !== '' && vg.vg_systemid !== host.systemId) return 'foreign';
  return null;
}

interface FreeRun {
  readonly start: number;
  readonly length: Extents;
}

/** The physical segments, sorted out: what is free on each device, and what each volume takes where. */
function placesOf(entry: ReportEntry) {
  const free = new Map<PvUuid, FreeRun[]>();
  const taken = new Map<string, Allocation[]>();
  for (const row of entry.pvseg) {
    const length = extents(extentCount(row.pvseg_size || '0', 'pvseg_size'));
    if (length === 0) continue;
    const start = extentCount(row.pvseg_start, 'pvseg_start');
    if (row.lv_uuid === '') push(free, row.pv_uuid, { start, length });
    else addTo(taken, row.lv_uuid, row.pv_uuid, length);
  }
  for (const runs of free.values()) runs.sort((a, b) => a.start - b.start);
  return { free, taken };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

function addTo(taken: Map<string, Allocation[]>, volume: string, pv: PvUuid, length: Extents): void {
  const known = taken.get(volume) ?? [];
  const before = known.find((one) => one.pv === pv)?.extents ?? 0;
  const others = known.filter((one) => one.pv !== pv);
  taken.set(volume, [...others, { pv, extents: extents(before + length) }]);
}

function physicalVolume(row: Row<'pv'>, freeSegments: readonly FreeRun[]): PhysicalVolume {
  const count = extentCount(row.pv_pe_count, 'pv_pe_count');
  const taken = extentCount(row.pv_pe_alloc_count || '0', 'pv_pe_alloc_count');
  if (taken > count) {
    throw malformed(`LVM's report says that ${taken} of ${count} extents of ${row.pv_name} are taken`);
  }
  const unknown = row.pv_name === MISSING_DEVICE;
  const missing = isSet(row.pv_missing) || unknown;
  return {
    uuid: row.pv_uuid,
    device: missing ? null : row.pv_name,
    ...(missing && !unknown ? { calledMissing: row.pv_name } : {}),
    allocatable: isSet(row.pv_allocatable),
    deviceSize: bytes(wholeNumber(row.dev_size || '0', 'dev_size')),
    dataStart: bytes(wholeNumber(row.pe_start || '0', 'pe_start')),
    extents: extents(count),
    free: extents(count - taken),
    freeSegments,
  };
}

function readVolume(
  row: Row<'lv'>,
  group: string,
  extentSize: Bytes,
  allocation: readonly Allocation[],
  segment: Row<'seg'> | undefined,
): Volume {
  const size = bytes(wholeNumber(row.lv_size, 'lv_size'));
  const { chunk_size: chunk = '', thin_id: thinId = '' } = segment ?? {};
  const roles = list(row.lv_role);
  const layout = list(row.lv_layout);
  const isPool = layout.includes('thin') && layout.includes('pool');
  const hasChunks = isPool || roles.includes('thicksnapshot');
  return {
    name: plainName(row.lv_name),
    group,
    uuid: row.lv_uuid,
    size,
    extents: extents(Math.ceil(size / extentSize)),
    roles,
    layout,
    hidden: row.lv_name.startsWith('['),
    origin: row.origin === '' ? null : plainName(row.origin),
    pool: row.pool_lv === '' ? null : plainName(row.pool_lv),
    thinId: thinId === '' ? null : wholeNumber(thinId, 'thin_id'),
    tags: list(row.lv_tags),
    active: row.lv_active.startsWith('active') || row.lv_active === '1',
    open: isSet(row.lv_device_open),
    ...(isUnsettled(row) ? ({ unsettled: true } as const) : {}),
    skipActivation: isSet(row.lv_skip_activation),
    readOnly: row.lv_permissions.startsWith('read-only'),
    health: row.lv_health_status,
    snapshotInvalid: isSet(row.lv_snapshot_invalid),
    merging: isSet(row.lv_merging),
    dataPercent: percentage(row.data_percent, 'data_percent'),
    metadataPercent: percentage(row.metadata_percent, 'metadata_percent'),
    chunkSize: hasChunks && chunk !== '' ? bytes(wholeNumber(chunk, 'chunk_size')) : null,
    allocation,
  };
}

/** In `lv_attr`, `X` is a state that LVM does not know: the device's table is of another type than it should have. */
function isUnsettled(row: Row<'lv'>): boolean {
  return isSet(row.lv_suspended) || isSet(row.lv_inactive_table) || row.lv_attr.charAt(4) === 'X';
}

/** Hidden volumes are reported in brackets. */
function plainName(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1');
}
