/** LVM's own words, recorded on real machines, to an inventory. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Volume } from '../../src/lvm/inventory.ts';
import { readReport } from '../../src/lvm/report.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import { mutationsOf } from '../helpers/mutate.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/lvm/', import.meta.url));
const recorded = (name: string) => JSON.parse(readFileSync(`${FOLDER}${name}/fullreport.json`, 'utf8'));

function kind(name: string): Volume {
  const volume = readReport(recorded('kinds')).groups.get('kinds')?.volumes.get(name);
  if (!volume) throw new Error(`no volume ${name}`);
  return volume;
}

describe('a volume of every kind', () => {
  test('linear: where it lies, its tags, and what its snapshot makes of it', () => {
    expect(kind('plain')).toMatchObject({
      ...{ extents: 8, size: 8 * 4 * 1024 ** 2, layout: ['linear'], tags: ['one', 'two=2'] },
      ...{ active: true, open: false, hidden: false, readOnly: false, origin: null },
    });
    expect(kind('plain').roles).toContain('origin');
    expect(kind('plain').allocation).toMatchObject([{ extents: 8 }]);
  });

  test('a snapshot names its origin and its chunks; one that overflowed is invalid', () => {
    expect(kind('plain-snap')).toMatchObject({ origin: 'plain', chunkSize: 4096, snapshotInvalid: false });
    expect(kind('plain-snap').roles).toContain('thicksnapshot');
    expect(kind('flooded-snap')).toMatchObject({ origin: 'flooded', snapshotInvalid: true });
  });

  test('spread over two devices: so many extents on each', () => {
    expect(kind('spread').allocation.map(({ extents }) => extents)).toEqual([4, 4]);
  });

  test('inactive, with activation skip, read-only', () => {
    expect(kind('asleep')).toMatchObject({ active: false, skipActivation: false });
    expect(kind('skipped')).toMatchObject({ active: false, skipActivation: true, tags: ['lvmbackup'] });
    expect(kind('readonly')).toMatchObject({ readOnly: true });
  });

  test('striped, raid1, cached: their hidden parts hold the extents', () => {
    expect(kind('striped').layout).toEqual(['striped']);
    expect(kind('mirrored').layout).toEqual(['raid', 'raid1']);
    expect(kind('mirrored_rimage_0')).toMatchObject({ hidden: true, extents: 4 });
    expect(kind('cached').layout).toEqual(['cache']);
  });

  test('thin: a pool, a volume in it and its snapshot', () => {
    expect(kind('pool').layout).toContain('pool');
    expect(kind('thin')).toMatchObject({ pool: 'pool', origin: null });
    expect(kind('thin-snap')).toMatchObject({ pool: 'pool', origin: 'thin' });
  });
});

test('every extent of the group is free or taken, on each device', () => {
  const group = readReport(recorded('kinds')).groups.get('kinds');
  for (const pv of group?.pvs.values() ?? []) {
    const runs = pv.freeSegments.reduce((sum, { length }) => sum + length, 0);
    expect(runs, pv.device ?? '').toBe(pv.free);
  }
  const pvs = [...(group?.pvs.values() ?? [])];
  expect(group?.free).toBe(pvs.reduce((sum, { free }) => sum + free, 0));
  expect(group?.tags).toEqual(['office']);
});

test('a physical volume without a group is an orphan', () => {
  const { orphans } = readReport(recorded('kinds'));
  expect(orphans.get('LvmBkp-abcd-EFGH-0123-4567-89ab-CDEFgh')).toMatchObject({ device: '/dev/vdd' });
});

test('a device that is missing has no path, and makes its group unusable', () => {
  const group = readReport(recorded('missing')).groups.get('kinds');
  expect(group?.unusable).toBe('partial');
  expect([...(group?.pvs.values() ?? [])].map(({ device }) => device === null).sort()).toEqual([
    false,
    false,
    true,
  ]);
});

/** The same report in LVM's other format: numbers, lists and null as such. */
function asStd(document: unknown): unknown {
  const numbers = /size|count|seqno|start|segs/;
  return JSON.parse(JSON.stringify(document), (key, value) => {
    if (typeof value !== 'string') return value;
    if (/_tags$|_role$|_layout$/.test(key)) return value === '' ? [] : value.split(',');
    if (numbers.test(key) && /^\d+$/.test(value)) return Number(value);
    if (['vg_partial', 'vg_exported', 'lv_skip_activation', 'lv_device_open', 'pv_missing'].includes(key)) {
      return value === 'unknown' ? -1 : value === '' ? 0 : 1;
    }
    return value;
  });
}

test.each(['guide', 'kinds', 'missing'])(
  'json_std and a log beside the report tell the same (%s)',
  (name) => {
    const std = { ...(asStd(recorded(name)) as object), log: [{ log_seq_num: 1 }] };
    expect(readReport(std)).toEqual(readReport(recorded(name)));
  },
);

test('sizes are exact beyond 2^32 and refused beyond 2^53', () => {
  const report = recorded('guide');
  report.report[0].lv[0].lv_size = String(2 ** 45 + 4096);
  expect([...readReport(report).groups.values()][0]?.volumes.values().next().value?.size).toBe(
    2 ** 45 + 4096,
  );
  report.report[0].lv[0].lv_size = '9007199254740993';
  expect(() => readReport(report)).toThrow(UserError);
  report.report[0].lv[0].lv_size = '96.00m';
  expect(() => readReport(report)).toThrow(/no whole number of bytes/);
});

test.each([null, 7, 'text', [], {}, { report: 1 }, { report: {} }])('%j is no report', (document) => {
  expect(() => inventoryOf(document)).toThrow(UserError);
});

test('a damaged report is refused as such or read, never a defect', () => {
  fc.assert(
    fc.property(mutationsOf(recorded('kinds')), (document) => {
      try {
        inventoryOf(document);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
