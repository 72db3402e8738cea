/** What is kept of a run, whatever it came to. */
import { expect, test } from 'vitest';
import { journalLine, tellJournal } from '../../src/apply/journal.ts';
import { RunRecorder } from '../../src/apply/run-recorder.ts';
import { validateRun } from '../../src/generated/validators.js';
import type { Action } from '../../src/plan/action.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { type Bytes, MiB } from '../../src/units.ts';
import { guideRun } from '../helpers/guide-run.ts';
import { anInput, aSpec, CLOCK } from '../helpers/specs.ts';
import { guideMachine, guidePlan, refusedPlan } from '../views/plans.ts';

const copyOf = (source: string) =>
  guidePlan().actions.find((action) => action.type === 'copy' && action.identity.source === source);
const size = (source: string) => (copyOf(source) as { readonly bytes: Bytes }).bytes;

test('a run that did all: each source with what it read and wrote, and the sums', async () => {
  const { record } = await guideRun();
  expect(validateRun(record), JSON.stringify(validateRun.errors)).toBe(true);
  expect(record).toMatchObject({
    start: '2026-11-23T09:15:00Z',
    end: '2026-11-23T10:45:00Z',
    operation: 'backup',
    file: 'backup.yaml',
    group: 'Backup',
    result: 'done',
    exitCode: 0,
    reason: null,
    bytesWritten: 9 * MiB,
  });
  expect(record.sources).toHaveLength(3);
  expect(record.sources[0]).toEqual({
    source: 'SSD/root',
    target: 'Backup/root-backup',
    result: 'complete',
    reason: null,
    bytesRead: size('SSD/root') + MiB,
    bytesWritten: 3 * MiB,
  });
  expect(record.bytesRead).toBe(size('SSD/root') + size('SSD/home') + size('/dev/sda1') + 3 * MiB);
});

test('a source that failed has its reason and no bytes, the others have theirs', async () => {
  const id = copyOf('SSD/home')?.id ?? 0;
  const { record } = await guideRun({ action: id, command: 1, how: 'fails' });
  expect(validateRun(record)).toBe(true);
  expect(record).toMatchObject({ result: 'partly', exitCode: 5 });
  const [root, home] = record.sources;
  expect(root).toMatchObject({ result: 'complete' });
  expect(home).toMatchObject({ source: 'SSD/home', result: 'failed', bytesRead: null, bytesWritten: null });
  expect(home?.reason).toBe(record.reason);
  expect(record.reason).toContain('input/output error');
});

test('what hooks said last is kept, whether they succeeded or not', () => {
  const recorder = new RunRecorder(guidePlan(), CLOCK);
  const action = { id: 7, type: 'hook', target: 'set pg', moment: 'before', hooks: [] } as unknown as Action;
  for (let line = 1; line <= 30; line += 1)
    recorder.see({ type: 'action.output', action, stream: 'stderr', line: `line ${line}` });
  const record = recorder.didNothing(0, CLOCK);
  expect(validateRun(record), JSON.stringify(validateRun.errors)).toBe(true);
  expect(record.hooks).toMatchObject([{ target: 'set pg', moment: 'before' }]);
  expect(record.hooks?.[0]?.lines).toHaveLength(20);
  expect(record.hooks?.[0]?.lines.at(-1)).toBe('line 30');
});

test('a signal ends a run: interrupted, by which', async () => {
  const { record } = await guideRun({ action: 5, command: 1, how: 'signal' });
  expect(validateRun(record)).toBe(true);
  expect(record).toMatchObject({ result: 'interrupted', reason: 'interrupted by SIGTERM', exitCode: 143 });
});

test('a plan that was refused says by what, and one without work that nothing was due', () => {
  const refused = new RunRecorder(refusedPlan(), CLOCK).didNothing(4, CLOCK);
  expect(validateRun(refused)).toBe(true);
  expect(refused).toMatchObject({ result: 'refused', exitCode: 4, sources: [] });
  expect(refused.reason).toContain('insufficient-space: ');
  const idle = planBackup(anInput(aSpec([]), guideMachine()));
  expect(new RunRecorder({ ...idle, problems: [] }, CLOCK).didNothing(0, CLOCK)).toMatchObject({
    result: 'nothing',
    reason: null,
  });
  const stale = new RunRecorder(guidePlan(), CLOCK).didNothing(4, CLOCK, 'stale-plan: B changed');
  expect(stale).toMatchObject({ result: 'refused', reason: 'stale-plan: B changed' });
});

test('what a dead run left is put right: recovery, though the plan was one of backups', async () => {
  const { outcome } = await guideRun();
  const plan = guidePlan();
  const actions = plan.actions.slice(0, 1).map((action) => ({ ...action, recovers: true as const }));
  const record = new RunRecorder({ ...plan, actions }, CLOCK).ran({ ...outcome, units: [] }, 0, CLOCK);
  expect(record.operation).toBe('recover');
});

test('a reason as long as a report is cut', () => {
  const record = new RunRecorder(guidePlan(), CLOCK).didNothing(4, CLOCK, 'x'.repeat(10_000));
  expect(record.reason?.length).toBe(500);
});

test('the journal has one line, an error where something went wrong; nothing where there is no systemd', async () => {
  const { record } = await guideRun({ action: 5, command: 1, how: 'fails' });
  const line = journalLine(record);
  expect(line).toMatch(/^backup to Backup: partly \(exit 5\): SSD\/root failed: .*, SSD\/home complete, /);
  const told: (readonly string[])[] = [];
  const run = async (argv: readonly string[]) => {
    told.push(argv);
    return { argv, exitCode: 0, signal: null, stdout: '', stderr: '' };
  };
  await tellJournal(record, run, '/nowhere/at/all');
  expect(told).toEqual([]);
  await tellJournal(record, run, '/proc');
  expect(told).toEqual([['logger', '--tag', 'lvmbackup', '--priority', 'daemon.err', '--', line]]);
  const missing = async () => {
    throw new Error('logger is not installed');
  };
  await tellJournal(record, missing, '/proc');
});
