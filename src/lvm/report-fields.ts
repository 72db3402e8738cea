/**
 * What is asked of `lvm fullreport`. The parser reads these very names, so that what is asked and what is read
 * cannot drift apart. Narrowed, a report of 100 volumes is 25 kB; with all fields it is 405 kB.
 */

/** What LVM gives for the path of a device that it does not find. */
export const MISSING_DEVICE = '[unknown]';

export const REPORT_FIELDS = {
  vg: [
    ...['vg_name', 'vg_uuid', 'vg_extent_size', 'vg_seqno', 'vg_tags', 'vg_partial', 'vg_exported'],
    ...['vg_shared', 'vg_clustered', 'vg_systemid', 'vg_autoactivation'],
  ],
  pv: [
    ...['pv_uuid', 'pv_name', 'dev_size', 'pe_start', 'pv_pe_count', 'pv_pe_alloc_count'],
    ...['pv_allocatable', 'pv_missing', 'pv_in_use'],
  ],
  lv: [
    ...['lv_uuid', 'lv_name', 'lv_size', 'lv_role', 'lv_layout', 'lv_tags', 'lv_active', 'lv_device_open'],
    ...['lv_skip_activation', 'lv_permissions', 'lv_health_status', 'lv_snapshot_invalid', 'lv_merging'],
    ...['lv_suspended', 'lv_inactive_table', 'lv_attr'],
    ...['origin', 'pool_lv', 'data_percent', 'metadata_percent'],
  ],
  pvseg: ['pv_uuid', 'pvseg_start', 'pvseg_size', 'lv_uuid'],
  seg: ['lv_uuid', 'chunk_size', 'thin_id'],
} as const;

export type ReportName = keyof typeof REPORT_FIELDS;
export type ReportField<N extends ReportName> = (typeof REPORT_FIELDS)[N][number];

/** One row of a report: LVM's words as text. A field that the report lacks is the empty text. */
export type Row<N extends ReportName> = { readonly [F in ReportField<N>]: string };

/** All groups, all volumes with their hidden parts, sizes in plain bytes. */
export const FULLREPORT_ARGV: readonly string[] = [
  ...['lvm', 'fullreport', '--all', '--reportformat', 'json', '--units', 'b', '--nosuffix'],
  ...Object.entries(REPORT_FIELDS).flatMap(([name, fields]) => [
    '--configreport',
    name,
    '-o',
    fields.join(','),
  ]),
];
