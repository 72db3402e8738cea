/** What LVM and its companions said on real machines: recorded by test/lab/record.ts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../fixtures/lvm/', import.meta.url));

export type Machine = 'guide' | 'kinds' | 'missing';

export function fixtureText(name: string): string {
  return readFileSync(`${FOLDER}${name}`, 'utf8');
}

/** A fresh copy each time: tests change it. */
export function fullreportOf(machine: Machine): FullReport {
  return JSON.parse(fixtureText(`${machine}/fullreport.json`));
}

type Rows = Record<string, unknown>[];
type Entry = { vg?: Rows; pv: Rows; lv?: Rows; pvseg?: Rows; seg?: Rows };
export type FullReport = { report: Entry[]; log?: unknown };

/** What `lvmbackup state` writes on that machine, where `probes` were looked into. */
export function stateOf(machine: Machine, traits: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    formatVersion: '1.0',
    createdAt: '2026-11-23T09:00:00Z',
    host: '0123456789ab',
    lvmVersion: '2.03.16',
    systemId: null,
    fullreport: fullreportOf(machine),
    lsblk: JSON.parse(fixtureText(`${machine}/lsblk.json`)),
    mountinfo: fixtureText(`${machine}/mountinfo`),
    links: {},
    probes: {},
    devicesFile: null,
    ...traits,
  };
}

export const BLANK_PROBE = {
  blkid: fixtureText('probes/blank.blkid'),
  wipefs: fixtureText('probes/blank.wipefs.json'),
  exclusive: true,
  zeroEnds: true,
};

const NUMBERS = ['vg_seqno', 'pv_pe_count', 'pv_pe_alloc_count', 'pvseg_start', 'pvseg_size', 'data_percent'];
const YES_OR_NO = [
  ...['vg_partial', 'vg_exported', 'vg_shared', 'vg_clustered', 'vg_autoactivation', 'pv_allocatable'],
  ...[
    'pv_missing',
    'pv_in_use',
    'lv_suspended',
    'lv_device_open',
    'lv_skip_activation',
    'lv_snapshot_invalid',
    'lv_merging',
  ],
];
const LISTS = ['vg_tags', 'lv_tags', 'lv_role', 'lv_layout'];

/**
 * The same report as `json_std` has it (LVM 2.03.17 and later, which this Debian does not have): numbers and
 * percentages unquoted, nothing as null, lists as lists, yes and no as 1 and 0, and -1 for unknown. Sizes stay text.
 */
export function asJsonStd(report: FullReport): unknown {
  const value = (field: string, text: unknown): unknown => {
    if (typeof text !== 'string') return text;
    if (LISTS.includes(field)) return text === '' ? [] : text.split(',');
    if (YES_OR_NO.includes(field)) return text === 'unknown' ? -1 : text === '' ? 0 : 1;
    if (text === '') return null;
    return NUMBERS.includes(field) ? Number(text) : text;
  };
  const row = (one: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(one).map(([field, text]) => [field, value(field, text)]));
  return {
    report: report.report.map((entry) =>
      Object.fromEntries(Object.entries(entry).map(([name, rows]) => [name, rows.map(row)])),
    ),
  };
}
