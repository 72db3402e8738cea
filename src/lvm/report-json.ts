/**
 * The JSON of LVM's reports to rows of text, whichever of its two formats it has: `json` (every value a string,
 * lists joined by commas) or `json_std` (numbers, null and arrays as such).
 */
import { REPORT_FIELDS, type ReportName, type Row } from './report-fields.ts';
import { isObject, type JsonObject, listOf, malformed, object } from './shape.ts';

/** One entry of `report`: a group with all that is in it, or the physical volumes that belong to no group. */
export interface ReportEntry {
  readonly vg: readonly Row<'vg'>[];
  readonly pv: readonly Row<'pv'>[];
  readonly lv: readonly Row<'lv'>[];
  readonly pvseg: readonly Row<'pvseg'>[];
  readonly seg: readonly Row<'seg'>[];
}

const HOW_TO_WRITE_ONE =
  'write one with: lvmbackup state, or lvm fullreport --all --reportformat json --units b --nosuffix';

/** Throws UserError where this is no full report of LVM. Other keys (`log`) are passed over. */
export function reportEntries(document: unknown): readonly ReportEntry[] {
  const report = isObject(document) ? document.report : undefined;
  if (!Array.isArray(report)) {
    throw malformed('this is no report of LVM: it has no list named "report"', HOW_TO_WRITE_ONE);
  }
  return listOf(report, 'the list "report" of LVM\'s report', entryOf);
}

function entryOf(value: unknown, where: string): ReportEntry {
  const entry = object(value, where);
  const read = {
    vg: rows(entry, 'vg', where),
    pv: rows(entry, 'pv', where),
    lv: rows(entry, 'lv', where),
    pvseg: rows(entry, 'pvseg', where),
    seg: rows(entry, 'seg', where),
  };
  // What `lvs` or `vgs` write looks alike, but does not tell which volume is in which group.
  if (read.vg.length > 1 || (read.vg.length === 0 && read.lv.length > 0)) {
    throw malformed(`${where} is not of one group: this is no full report of LVM`, HOW_TO_WRITE_ONE);
  }
  return read;
}

/** What a report may lack, for not every LVM knows it or it was recorded before it was asked for, and what holds then. */
const WHERE_UNKNOWN: Readonly<Record<string, string>> = {
  lv_attr: '',
  lv_inactive_table: '',
  lv_suspended: '',
  metadata_percent: '',
  pv_in_use: '',
  thin_id: '',
  vg_autoactivation: 'enabled',
  vg_shared: '',
  vg_clustered: '',
};

/** Without these a row tells of nothing. */
const NEVER_EMPTY = new Set(['vg_name', 'vg_uuid', 'vg_extent_size', 'pv_uuid', 'lv_name', 'lv_uuid']);

function rows<N extends ReportName>(entry: JsonObject, name: N, where: string): readonly Row<N>[] {
  if (entry[name] === undefined) return [];
  const fields: readonly string[] = REPORT_FIELDS[name];
  return listOf(entry[name], `${where} "${name}"`, (value, place) => {
    const row = object(value, place);
    const texts: Record<string, string> = {};
    for (const field of fields) texts[field] = fieldText(row, field, name, place);
    return texts as Row<N>;
  });
}

function fieldText(row: JsonObject, field: string, name: ReportName, where: string): string {
  const value = row[field];
  if (value === undefined) {
    const unknown = WHERE_UNKNOWN[field];
    if (unknown !== undefined) return unknown;
    throw malformed(`LVM's report has no ${field}: ${where} lacks it`, HOW_TO_WRITE_ONE);
  }
  const words = Array.isArray(value) ? value : [value];
  if (!words.every(isWord)) throw malformed(`${where} has a ${field} that is no word of LVM's`);
  const joined = words.map((word) => word ?? '').join(',');
  // A segment that is free belongs to no volume.
  if (joined === '' && NEVER_EMPTY.has(field) && name !== 'pvseg') {
    throw malformed(`LVM's report says nothing for ${field}: ${where} has it empty`);
  }
  return joined;
}

function isWord(value: unknown): value is string | number | null {
  return typeof value === 'string' || typeof value === 'number' || value === null;
}

/** A whole number, with or without the unit `B`. Throws UserError on a fraction, another unit, or more than 2^53 - 1. */
export function wholeNumber(text: string, field: string): number {
  const digits = /^(\d+)B?$/i.exec(text)?.[1];
  if (digits === undefined) {
    throw malformed(
      `LVM's report says ${field} ${JSON.stringify(text)}, which is no whole number`,
      'write the report with: --units b --nosuffix',
    );
  }
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw malformed(`LVM's report says ${field} ${digits}, which is more than lvmbackup can count (8 PiB)`);
}

/** LVM counts extents in 32 bits. */
const MOST_EXTENTS = 2 ** 32 - 1;

/** Throws UserError where it is no number of extents. */
export function extentCount(text: string, field: string): number {
  const count = wholeNumber(text, field);
  if (count <= MOST_EXTENTS) return count;
  throw malformed(`LVM's report says ${field} ${count}, which is more extents than a group can have`);
}

/** A percentage, also with a decimal comma; null where LVM tells none. Throws UserError where it is no number. */
export function percentage(text: string, field: string): number | null {
  if (text === '') return null;
  const value = Number(text.replace(',', '.'));
  if (Number.isFinite(value)) return value;
  throw malformed(`LVM's report says ${field} ${JSON.stringify(text)}, which is no percentage`);
}

export function list(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** LVM says yes with the field's own word, `1` or `yes`, and no with nothing, `0`, `-1` or `unknown`. */
export function isSet(text: string): boolean {
  return !['', '0', '-1', 'unknown', 'no', 'undefined'].includes(text);
}
