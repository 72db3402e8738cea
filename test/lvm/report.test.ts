import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { readReport } from '../../src/lvm/report.ts';
import { asJsonStd, type FullReport, fullreportOf } from '../helpers/fixtures.ts';

const kinds = readReport(fullreportOf('kinds')).groups.get('kinds');
const volume = (name: string) => kinds?.volumes.get(name);
const uuidOf = (device: string) =>
  [...(kinds?.pvs.values() ?? [])].find((pv) => pv.device === device)?.uuid ?? '';

describe('the machine with a volume of every kind', () => {
  test('is one group with its extents, its free extents, its tags and its change count', () => {
    expect(kinds).toMatchObject({
      name: 'kinds',
      uuid: expect.stringMatching(/^[0-9A-Za-z]{6}(-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}$/),
      extentSize: 4 * 1024 ** 2,
      seqno: 26,
      extents: 99 + 74 + 74,
      free: 99 - 44 + 74 - 17 + 74 - 25,
      tags: ['office'],
      autoactivation: true,
      unusable: null,
    });
  });

  test('counts every extent that is taken as part of one volume', () => {
    for (const pv of kinds?.pvs.values() ?? []) {
      const taken = [...(kinds?.volumes.values() ?? [])]
        .flatMap(({ allocation }) => allocation)
        .filter((one) => one.pv === pv.uuid)
        .reduce((sum, one) => sum + one.extents, 0);
      expect(taken).toBe(pv.extents - pv.free);
      expect(pv.freeSegments.reduce((sum, one) => sum + one.length, 0)).toBe(pv.free);
    }
  });

  test('has a physical volume with its place for data and its free run', () => {
    expect(kinds?.pvs.get(uuidOf('/dev/vdb'))).toEqual({
      uuid: uuidOf('/dev/vdb'),
      device: '/dev/vdb',
      allocatable: true,
      deviceSize: 300 * 1024 ** 2,
      dataStart: 1024 ** 2,
      extents: 74,
      free: 57,
      freeSegments: [{ start: 17, length: 57 }],
    });
  });

  test('has an orphan physical volume apart from every group', () => {
    const { orphans } = readReport(fullreportOf('kinds'));
    expect([...orphans.values()]).toEqual([
      expect.objectContaining({
        uuid: 'LvmBkp-abcd-EFGH-0123-4567-89ab-CDEFgh',
        device: '/dev/vdd',
        extents: 0,
        free: 0,
        dataStart: 1024 ** 2,
      }),
    ]);
  });

  test.each([
    [{ lv_suspended: 'suspended' }, true],
    [{ lv_suspended: '1' }, true],
    [{ lv_inactive_table: 'inactive table present' }, true],
    [{ lv_attr: '-wi-XX--X-' }, true],
    [{ lv_attr: '-wi-ao----', lv_suspended: '', lv_inactive_table: '' }, undefined],
    [{ lv_suspended: 'unknown', lv_inactive_table: 'unknown' }, undefined],
  ])('of a volume with %j: whether its device is settled', (fields, unsettled) => {
    const report = fullreportOf('kinds');
    for (const row of report.report.flatMap(({ lv = [] }) => lv)) Object.assign(row, fields);
    const { groups } = readReport(report);
    const volumes = [...groups.values()].flatMap((group) => [...group.volumes.values()]);
    expect(volumes.length).toBeGreaterThan(0);
    for (const volume of volumes) expect(volume.unsettled, volume.name).toBe(unsettled);
  });

  test('says of an orphan whose label is in use that its group is lost', () => {
    const report = fullreportOf('kinds');
    for (const row of report.report.flatMap(({ pv = [] }) => pv)) row.pv_in_use = 'used';
    const { groups, orphans } = readReport(report);
    expect([...orphans.values()]).toEqual([
      expect.objectContaining({ device: '/dev/vdd', ofLostGroup: true }),
    ]);
    for (const { pvs } of groups.values())
      for (const pv of pvs.values()) expect(pv).not.toHaveProperty('ofLostGroup');
  });

  test.each([
    ['plain', { roles: ['public', 'origin', 'thickorigin'], layout: ['linear'], tags: ['one', 'two=2'] }],
    ['plain', { size: 32 * 1024 ** 2, extents: 8, active: true, open: false, hidden: false, origin: null }],
    ['plain-snap', { roles: ['public', 'snapshot', 'thicksnapshot'], origin: 'plain', chunkSize: 4096 }],
    ['plain-snap', { snapshotInvalid: false, dataPercent: 0, extents: 4 }],
    ['flooded-snap', { origin: 'flooded', snapshotInvalid: true, dataPercent: 100 }],
    ['flooded', { snapshotInvalid: false, dataPercent: null, chunkSize: null }],
    ['asleep', { active: false, open: false, skipActivation: false }],
    ['skipped', { active: false, skipActivation: true, tags: ['lvmbackup'] }],
    ['readonly', { readOnly: true }],
    ['plain', { readOnly: false }],
    ['striped', { layout: ['striped'] }],
    ['mirrored', { layout: ['raid', 'raid1'], allocation: [] }],
    ['mirrored_rimage_1', { hidden: true, roles: ['private', 'raid', 'image'] }],
    ['cached', { layout: ['cache'], origin: 'cached_corig', pool: 'fast_cpool', chunkSize: null }],
    ['fast_cpool', { hidden: true, layout: ['cache', 'pool'], active: false }],
    ['pool', { hidden: false, layout: ['thin', 'pool'], open: true, chunkSize: 65536, dataPercent: 0 }],
    ['pool_tdata', { hidden: true, open: true }],
    ['thin', { layout: ['thin', 'sparse'], pool: 'pool', size: 100 * 1024 ** 2, allocation: [] }],
    ['thin-snap', { roles: ['public', 'snapshot', 'thinsnapshot'], origin: 'thin', skipActivation: true }],
    ['lvol0_pmspare', { hidden: true, roles: ['private', 'pool', 'spare'] }],
  ])('has %s as %j', (name, traits) => {
    expect(volume(name)).toMatchObject({ name, group: 'kinds', health: '', merging: false, ...traits });
  });

  test('says of a volume that spans how much lies on each device', () => {
    expect(volume('spread')?.allocation).toEqual([
      { pv: uuidOf('/dev/vdb'), extents: 4 },
      { pv: uuidOf('/dev/vdc'), extents: 4 },
    ]);
    expect(volume('striped')?.allocation.map(({ extents }) => extents)).toEqual([4, 4]);
  });
});

test('a device that is gone makes its group partial, and names no path', () => {
  const group = readReport(fullreportOf('missing')).groups.get('kinds');
  expect(group?.unusable).toBe('partial');
  expect(group?.pvs.get(uuidOf('/dev/vdb'))).toMatchObject({
    device: null,
    extents: 74,
    free: 57,
  });
  expect(group?.volumes.get('spread')).toMatchObject({ health: 'partial', active: false });
  expect(group?.volumes.get('readonly')).toMatchObject({ health: '', active: true });
});

test.each(['guide', 'kinds', 'missing'] as const)(
  'the report of %s reads the same in json_std',
  (machine) => {
    expect(readReport(asJsonStd(fullreportOf(machine)))).toEqual(readReport(fullreportOf(machine)));
  },
);

test("a report with LVM's command log beside it reads the same", () => {
  const log = [{ log_seq_num: '1', log_type: 'status', log_message: 'success', log_ret_code: '1' }];
  expect(readReport({ ...fullreportOf('guide'), log })).toEqual(readReport(fullreportOf('guide')));
});

/** The guide's report with one row changed. */
function changed(change: (entry: FullReport['report'][number]) => void): FullReport {
  const document = fullreportOf('guide');
  for (const entry of document.report) change(entry);
  return document;
}

describe('a group', () => {
  const groupWith = (field: string, value: unknown, systemId: string | null = null) =>
    readReport(
      changed(({ vg = [] }) => Object.assign(vg[0] ?? {}, { [field]: value })),
      { systemId },
    ).groups.get('VolGroupSSD');

  test('that LVM does not activate by itself says so with an empty word, not with none', () => {
    expect(groupWith('vg_autoactivation', '')?.autoactivation).toBe(false);
    expect(groupWith('vg_autoactivation', 0)?.autoactivation).toBe(false);
    expect(groupWith('vg_autoactivation', undefined)?.autoactivation).toBe(true);
  });

  test.each([
    ['vg_exported', 'exported', 'exported'],
    ['vg_shared', 'shared', 'shared'],
    ['vg_clustered', 'clustered', 'shared'],
    ['vg_partial', 'partial', 'partial'],
  ])('with %s %s is unusable: %s', (field, word, fault) => {
    expect(groupWith(field, word)?.unusable).toBe(fault);
    expect(groupWith(field, 1)?.unusable).toBe(fault);
    expect(groupWith(field, 0)?.unusable).toBe(null);
  });

  test("is foreign where its system ID is not this machine's", () => {
    expect(groupWith('vg_systemid', 'other', 'mine')?.unusable).toBe('foreign');
    expect(groupWith('vg_systemid', 'mine', 'mine')?.unusable).toBe(null);
    expect(groupWith('vg_systemid', 'other', null)?.unusable).toBe(null);
  });

  test('of a name that is there twice is unusable', () => {
    const { report } = fullreportOf('guide');
    const { groups } = readReport({ report: [...report, ...report] });
    expect(groups.get('VolGroupSSD')?.unusable).toBe('duplicate');
  });

  test('without volumes is read', () => {
    const document = changed((entry) => {
      entry.lv = [];
      entry.seg = [];
      entry.pvseg = [];
    });
    expect(readReport(document).groups.get('VolGroupSSD')?.volumes.size).toBe(0);
  });
});

test('sizes beyond 2^31 and near 2^53 are exact', () => {
  const tebibytes = 7 * 1024 ** 4 + 4 * 1024 ** 2;
  const largest = '9007199254740991';
  const document = changed((entry) => {
    Object.assign(entry.lv?.[0] ?? {}, { lv_size: String(tebibytes) });
    Object.assign(entry.pv[0] ?? {}, { dev_size: `${largest}B` });
  });
  const group = readReport(document).groups.get('VolGroupSSD');
  expect(group?.volumes.get('lvolhome')).toMatchObject({ size: tebibytes, extents: (7 * 1024 ** 2) / 4 + 1 });
  expect([...(group?.pvs.values() ?? [])][0]?.deviceSize).toBe(Number.MAX_SAFE_INTEGER);
});

describe('no report of LVM', () => {
  const set = (list: 'vg' | 'pv' | 'lv' | 'pvseg' | 'seg', field: string, value: unknown) =>
    changed((entry) => Object.assign(entry[list]?.[0] ?? {}, { [field]: value }));

  test.each<[what: string, document: unknown, message: RegExp]>([
    ['nothing', null, /no list named "report"/],
    ['a list', [], /no list named "report"/],
    ['a report that is an object', { report: {} }, /no list named "report"/],
    ['an entry that is text', { report: ['vg'] }, /entry 1, is no object but "vg"/],
    ['a list of groups that is an object', { report: [{ vg: {} }] }, /"vg" is no list but an object/],
    ['a row that is null', { report: [{ vg: [null] }] }, /is no object but null/],
    ['what vgs writes', { report: [{ vg: [{ vg_name: 'a' }] }] }, /has no vg_uuid/],
    [
      'what lvs -o+all writes',
      { report: fullreportOf('guide').report.map(({ lv }) => ({ lv })) },
      /no full report/,
    ],
    ['a size with a unit', set('lv', 'lv_size', '1.00g'), /lv_size "1.00g", which is no whole number/],
    ['a fraction', set('lv', 'lv_size', 1.5), /lv_size "1.5", which is no whole number/],
    ['a negative size', set('pv', 'dev_size', '-1'), /dev_size "-1"/],
    ['more than 8 PiB', set('lv', 'lv_size', '9007199254740993'), /more than lvmbackup can count/],
    ['extents without a size', set('vg', 'vg_extent_size', '0'), /extents of VolGroupSSD have no size/],
    ['more extents than LVM counts', set('pv', 'pv_pe_count', '4294967296'), /more extents than a group/],
    ['more taken than there are', set('pv', 'pv_pe_alloc_count', '41'), /41 of 40 extents of \/dev\/vda/],
    ['a group of more than 8 PiB', set('vg', 'vg_extent_size', `${2 ** 50}`), /larger than lvmbackup can/],
    ['a percentage that is none', set('lv', 'data_percent', 'x'), /data_percent "x", which is no percentage/],
    ['a volume without a name', set('lv', 'lv_name', ''), /says nothing for lv_name/],
    ['a name that is an object', set('lv', 'lv_name', {}), /lv_name that is no word/],
    ['a report that was asked for too little', set('lv', 'lv_role', undefined), /has no lv_role/],
  ])('%s: an error that says what is wrong, with exit code 3', (_, document, message) => {
    const read = () => readReport(document);
    expect(read).toThrow(message);
    expect(read).toThrow(UserError);
    expect(read).toThrow(expect.objectContaining({ exitCode: 3 }));
  });
});
