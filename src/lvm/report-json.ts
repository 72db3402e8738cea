/**
 * The JSON of LVM's reports to rows of text, whichever of its two formats it has: `json` (every value a string,
 * lists joined by commas) or `json_std` (numbers, null and arrays as such).
 */
import { ExitCode, UserError } from '../errors.ts';
import { REPORT_FIELDS, type ReportName, type Row } from './report-fields.ts';

/** One entry of `report`: a group with all that is in it, or the physical volumes that belong to no group. */
export interface ReportEntry {
  readonly vg: readonly Row<'vg'>[];
  readonly pv: readonly Row<'pv'>[];
  readonly lv: readonly Row<'lv'>[];
  readonly pvseg: readonly Row<'pvseg'>[];
  readonly seg: readonly Row<'seg'>[];
}

/** Throws UserError where this is no report of LVM. Other keys (`log`) are passed over. */
export function reportEntries(document: unknown): ReportEntry[] {
  const report = isObject(document) ? document.report : undefined;
  if (!Array.isArray(report)) {
    throw new UserError(
      ExitCode.badInput,
      'this is no report of LVM: it has no list named "report"',
      'write one with: lvm fullreport --all --reportformat json --units b --nosuffix',
    );
  }
  return report.filter(isObject).map((entry) => ({
    vg: rows(entry, 'vg'),
    pv: rows(entry, 'pv'),
    lv: rows(entry, 'lv'),
    pvseg: rows(entry, 'pvseg'),
    seg: rows(entry, 'seg'),
  }));
}

function rows<N extends ReportName>(entry: Record<string, unknown>, name: N): Row<N>[] {
  const list = entry[name];
  if (!Array.isArray(list)) return [];
  const fields: readonly string[] = REPORT_FIELDS[name];
  return list.filter(isObject).map((row) => {
    const texts: Record<string, string> = {};
    for (const field of fields) texts[field] = textOf(row[field]);
    return texts as Row<N>;
  });
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number, with or without the unit `B`. Throws UserError on a fraction or another unit. */
export function wholeNumber(text: string, field: string): number {
  const digits = /^(\d+)B?$/i.exec(text)?.[1];
  const value = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(value)) {
    throw new UserError(
      ExitCode.badInput,
      `LVM's report says ${field} ${JSON.stringify(text)}, which is no whole number of bytes`,
      'write the report with: --units b --nosuffix',
    );
  }
  return value;
}

export function list(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** LVM says yes with the field's own word, `1` or `yes`, and no with nothing, `0`, `-1` or `unknown`. */
export function isSet(text: string): boolean {
  return !['', '0', '-1', 'unknown', 'no', 'undefined'].includes(text);
}
