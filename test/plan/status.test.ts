/** How backups stand: each state, what decides between them, and what is said of the rest of the machine. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunRecord, SourceRecord } from '../../src/plan/run-record.ts';
import { type SourceStatus, type Status, statusOf } from '../../src/plan/status.ts';
import { seconds } from '../../src/units.ts';
import { aBackedUpMachine, type Kept } from '../helpers/backups.ts';
import { aGroup, anInventory, aVolume } from '../helpers/machine.ts';
import { aSpec, aVolumeSpec, CLOCK } from '../helpers/specs.ts';

const HOUR = 3600;
const hoursAgo = (hours: number) =>
  new Date(CLOCK.getTime() - hours * HOUR * 1000).toISOString().replace('.000', '');
const ROOT = aVolumeSpec('SSD/root', { refreshAfter: seconds(20 * HOUR), alertAfter: seconds(30 * HOUR) });

function aRun(
  ended: number,
  sources: readonly Partial<SourceRecord>[],
  rest: Partial<RunRecord> = {},
): RunRecord {
  return {
    ...{ formatVersion: '1.0', start: hoursAgo(ended), end: hoursAgo(ended), operation: 'backup' },
    ...{ file: 'backup.yaml', group: 'Backup', only: [], result: 'done', exitCode: 0, reason: null },
    ...{ bytesRead: 0, bytesWritten: 0 },
    sources: sources.map((one) => ({
      ...{ source: 'SSD/root', target: 'Backup/root-backup', result: 'complete', reason: null },
      ...{ bytesRead: null, bytesWritten: null },
      ...one,
    })),
    ...rest,
  };
}

interface Given {
  readonly kept?: readonly Kept[];
  readonly runs?: readonly RunRecord[];
  readonly machine?: ReturnType<typeof aBackedUpMachine>;
  readonly liveRun?: boolean;
  readonly held?: readonly string[];
}

function statusFor({ kept = [], runs = [], machine, liveRun = false, held = [] }: Given): Status {
  return statusOf({
    spec: aSpec([ROOT]),
    file: 'backup.yaml',
    inventory: machine ?? aBackedUpMachine(['root'], kept),
    clock: CLOCK,
    runs,
    liveRun,
    held,
  });
}

function rootOf(given: Given): SourceStatus {
  const [root] = statusFor(given).sources;
  if (!root) throw new Error('no source');
  return root;
}

const copy = (hours: number, rest: Partial<Kept> = {}): Kept => ({
  ...{ name: 'root-backup', of: 'SSD/root', time: hoursAgo(hours) },
  ...rest,
});

describe('the state of a source', () => {
  test.each([
    [0, 'ok'],
    [19.99, 'ok'],
    [20, 'due'],
    [30, 'due'],
    [30.01, 'late'],
    [500, 'late'],
    [-1, 'due'],
  ])('a copy that is %d hours old, refreshed after 20 and late after 30, is %s', (hours, state) => {
    expect(rootOf({ kept: [copy(hours)] })).toMatchObject({ state, points: 1, from: 'tags' });
  });

  test('without refreshAfter nothing is ever due or late', () => {
    const [root] = statusOf({
      ...{
        spec: aSpec([aVolumeSpec('SSD/root')]),
        file: 'f',
        clock: CLOCK,
        runs: [],
        liveRun: false,
        held: [],
      },
      inventory: aBackedUpMachine(['root'], [copy(9999)]),
    }).sources;
    expect(root).toMatchObject({ state: 'ok', alertAfter: null });
  });

  test('none: never backed up; only an unfinished copy; only a damaged one; found damaged since', () => {
    expect(rootOf({})).toMatchObject({ state: 'none', reason: 'never backed up', newest: null });
    const unfinished = rootOf({ kept: [{ name: 'root-backup', of: 'SSD/root', state: 'incomplete' }] });
    expect(unfinished).toMatchObject({ state: 'none', incomplete: 1, points: 0 });
    expect(rootOf({ kept: [copy(1, { state: 'damaged' })] })).toMatchObject({ state: 'none', damaged: 1 });
    const found = rootOf({ kept: [copy(1, { verified: `${hoursAgo(0.5)}:damaged` })] });
    expect(found).toMatchObject({ state: 'none', damaged: 1, verified: { ok: false } });
  });

  test('failed: the last run failed, while there is a copy; a success since then ends it', () => {
    const failure = aRun(1, [{ result: 'failed', reason: 'the snapshot overflowed' }]);
    const given = { kept: [copy(10)], runs: [aRun(10, [{}]), failure] };
    expect(rootOf(given)).toMatchObject({
      state: 'failed',
      reason: 'the last run failed: the snapshot overflowed',
      last: { result: 'failed', time: hoursAgo(1) },
    });
    expect(rootOf({ ...given, runs: [...given.runs, aRun(0.5, [{}])], kept: [copy(0.6)] }).state).toBe('ok');
  });

  test('late says more than failed, and why', () => {
    const runs = [aRun(1, [{ result: 'failed', reason: 'no room' }])];
    const { state, reason } = rootOf({ kept: [copy(40)], runs });
    expect(state).toBe('late');
    expect(reason).toBe('40 h old, and late after 30 h; the last run failed: no room');
  });

  test('a plan that was refused failed all of its sources, but not those of another file or of --only', () => {
    const refused = (rest: Partial<RunRecord>) =>
      rootOf({
        kept: [copy(10)],
        runs: [aRun(1, [], { result: 'refused', exitCode: 4, reason: 'no room', ...rest })],
      });
    expect(refused({})).toMatchObject({ state: 'failed', reason: 'the last run was refused: no room' });
    expect(refused({ group: 'Other' }).state).toBe('ok');
    expect(refused({ only: ['SSD/home'] }).state).toBe('ok');
    expect(refused({ only: ['SSD/root'] }).state).toBe('failed');
  });

  test('a run that found it fresh is no result of its own', () => {
    const skipped = aRun(1, [{ result: 'skipped', reason: 'fresh' }], { result: 'nothing' });
    expect(rootOf({ kept: [copy(10)], runs: [aRun(10, [{}]), skipped] })).toMatchObject({
      state: 'ok',
      last: { result: 'complete', time: hoursAgo(10) },
    });
  });

  test('an older whole copy stands in for a newer one that is damaged, and that is told', () => {
    const kept = [copy(1, { state: 'damaged' }), copy(10, { name: 'root-backup.2' })];
    const status = statusFor({ kept });
    expect(status.sources[0]).toMatchObject({ state: 'ok', newest: hoursAgo(10), points: 1, damaged: 1 });
    expect(status.sources[0]?.reason).toContain('1 damaged beside it');
    expect(status.attention).toBe(true);
  });

  test("another machine's volume of the same name is not its backup", () => {
    const machine = aBackedUpMachine(['root'], [copy(1)], { ssd: { uuid: 'another' } });
    expect(rootOf({ machine })).toMatchObject({ state: 'none', points: 0 });
  });

  test('a source that is not there is known by its name', () => {
    expect(rootOf({ machine: aBackedUpMachine([], [copy(1)]) })).toMatchObject({
      ...{ state: 'ok', sourceBytes: null },
    });
  });
});

test.each([
  [[], true],
  [[copy(1)], false],
  [[copy(25)], false],
  [[copy(31)], true],
])('something needs a look: %#', (kept, attention) => {
  expect(statusFor({ kept }).attention).toBe(attention);
});

test('while the disk is away, the history tells how old the copy on it is', () => {
  const machine = anInventory({
    groups: [aGroup('SSD', [{ device: '/dev/sda', extents: 99 }], [aVolume('SSD', 'root', 16)])],
  });
  const known = rootOf({ machine, runs: [aRun(10, [{}]), aRun(1, [{ result: 'skipped', reason: 'away' }])] });
  expect(known).toMatchObject({ state: 'ok', from: 'history', newest: hoursAgo(10), ageSeconds: 10 * HOUR });
  expect(known.reason).toContain('Backup is not here');
  expect(rootOf({ machine, runs: [aRun(40, [{}])] }).state).toBe('late');
  expect(rootOf({ machine }).state).toBe('none');
  expect(statusFor({ machine }).group).toEqual({
    name: 'Backup',
    present: false,
    bytes: null,
    freeBytes: null,
  });
});

test('what a dead run left is named, and its source has failed; what a live run has open is neither', () => {
  const snapshot = aVolume('SSD', 'root-snap', 17, {
    ...{ origin: 'root', roles: ['public', 'snapshot'] },
    tags: ['lvmbackup', 'lvmbackup.run=20261123T031500Z'],
  });
  const machine = aBackedUpMachine(['root'], [copy(10)], { more: [snapshot] });
  const status = statusFor({ machine });
  expect(status.leftovers).toEqual([
    {
      ...{ target: 'SSD/root-snap', source: 'SSD/root' },
      reason: 'left by the run of 20261123T031500Z, which is dead',
    },
  ]);
  expect(status.sources[0]?.state).toBe('failed');
  const alive = statusFor({ machine, liveRun: true });
  expect(alive).toMatchObject({ leftovers: [], running: true });
  expect(alive.sources[0]?.state).toBe('ok');
});

test('points of sources that the file does not name any more are told', () => {
  const kept = [
    copy(1),
    copy(5, { name: 'old-backup', of: 'SSD/old' }),
    copy(9, { name: 'old-2', of: 'SSD/old' }),
  ];
  expect(statusFor({ kept }).others).toEqual([
    { source: 'SSD/old', points: 2, newest: hoursAgo(5), heldBytes: 2 * 16 * 4 * 1024 ** 2 },
  ]);
});

test('what is held: volumes of their own each, thin ones once', () => {
  const thin = (name: string, hours: number) =>
    copy(hours, { name, traits: { pool: 'points', layout: ['thin'] } });
  const kept = [thin('root-backup.20261123T081500Z', 1), thin('root-backup.20261122T081500Z', 25)];
  expect(rootOf({ kept })).toMatchObject({ points: 2, heldBytes: 64 * 1024 ** 2 });
  expect(rootOf({ kept: [copy(1), copy(2, { name: 'root-backup.2' })] }).heldBytes).toBe(128 * 1024 ** 2);
});

test('the last verification of any of its points is told', () => {
  const kept = [
    copy(30, { verified: `${hoursAgo(3)}:ok` }),
    copy(1, { name: 'root-backup.2', verified: `${hoursAgo(9)}:ok` }),
  ];
  expect(rootOf({ kept }).verified).toEqual({ time: hoursAgo(3), ok: true });
});

test('older never looks better: with the same facts, a state moves only from ok to due to late', () => {
  const rank = { ok: 0, due: 1, late: 2, failed: -1, none: -1 };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500_000 }), fc.integer({ min: 0, max: 500_000 }), (a, b) => {
      const [young, old] = [Math.min(a, b), Math.max(a, b)];
      const stateAt = (age: number) => rank[rootOf({ kept: [copy(age / HOUR)] }).state];
      expect(stateAt(young)).toBeLessThanOrEqual(stateAt(old));
    }),
    { numRuns: 100 },
  );
});

test('a file system that a dead run held still is left over; that of one at work is not', () => {
  const held = ['/boot/efi'];
  expect(statusFor({ held }).leftovers).toEqual([
    { target: '/boot/efi', reason: 'a dead run held it still', source: null },
  ]);
  expect(statusFor({ held, liveRun: true }).leftovers).toEqual([]);
});
