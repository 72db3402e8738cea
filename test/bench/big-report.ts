/** LVM full reports of any size, as text, and the files that back all of it up. */
import { REPORT_FIELDS, type ReportName } from '../../src/lvm/report-fields.ts';

const PER_GROUP = 100;
/** 64 MiB each. */
const EXTENTS = 16;
const EXTENT_SIZE = 4 * 1024 ** 2;
/** Room for one snapshot: they are taken one after the other. */
const SPARE = 32;

/** A report of that many volumes, a hundred to a group, and of one group with room for all their backups. */
export function bigReport(volumes: number): string {
  const groups = Math.ceil(volumes / PER_GROUP);
  const report = Array.from({ length: groups }, (_, index) =>
    group(`VG${index}`, Math.min(PER_GROUP, volumes - index * PER_GROUP), SPARE),
  );
  return JSON.stringify({ report: [...report, group('Backup', 0, volumes * EXTENTS)] }, null, 2);
}

/** One pattern for each group, so that every volume is backed up. */
export function bigFile(volumes: number): string {
  const groups = Array.from({ length: Math.ceil(volumes / PER_GROUP) }, (_, index) => index);
  const sources = groups.map((index) => `  - source: VG${index}/*\n`).join('');
  return `version: 1\ngroup: {name: Backup}\nvolumes:\n${sources}`;
}

function group(name: string, volumes: number, free: number) {
  const pv = uuid(`pv-${name}`);
  const numbers = Array.from({ length: volumes }, (_, index) => index);
  const all = volumes * EXTENTS + free;
  const segments = numbers.map((index) => ({
    pv_uuid: pv,
    pvseg_start: String(index * EXTENTS),
    pvseg_size: String(EXTENTS),
    lv_uuid: uuid(`${name}-${index}`),
  }));
  const rest = { pv_uuid: pv, pvseg_start: String(volumes * EXTENTS), pvseg_size: String(free), lv_uuid: '' };
  return {
    vg: [
      row('vg', { vg_name: name, vg_uuid: uuid(name), vg_extent_size: String(EXTENT_SIZE), vg_seqno: '7' }),
    ],
    pv: [
      row('pv', {
        pv_uuid: pv,
        pv_name: `/dev/disk-${name}`,
        dev_size: String((all + 1) * EXTENT_SIZE),
        pe_start: '1048576',
        pv_pe_count: String(all),
        pv_pe_alloc_count: String(volumes * EXTENTS),
        pv_allocatable: 'allocatable',
      }),
    ],
    lv: numbers.map((index) =>
      row('lv', {
        lv_uuid: uuid(`${name}-${index}`),
        lv_name: `${name}-data${index}`,
        lv_size: String(EXTENTS * EXTENT_SIZE),
        lv_role: 'public',
        lv_layout: 'linear',
        lv_active: 'active',
        lv_permissions: 'writeable',
        lv_snapshot_invalid: 'unknown',
      }),
    ),
    pvseg: [...segments, rest],
    seg: numbers.map((index) => ({ lv_uuid: uuid(`${name}-${index}`), chunk_size: '0' })),
  };
}

/** Every field that is asked for, empty where nothing is said. */
function row(name: ReportName, values: Readonly<Record<string, string>>) {
  return { ...Object.fromEntries(REPORT_FIELDS[name].map((field) => [field, ''])), ...values };
}

/** As long as LVM's. */
function uuid(seed: string): string {
  return seed
    .replace(/[^A-Za-z0-9]/g, '')
    .padStart(32, '0')
    .replace(/^(.{6})(....)(....)(....)(....)(....)(.*)$/, '$1-$2-$3-$4-$5-$6-$7');
}
