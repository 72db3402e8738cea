/** The state of the backups as people and Prometheus read it, whole: test/fixtures/views holds what is shown. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { validateHistory, validateStatus } from '../../src/generated/validators.js';
import type { RunRecord } from '../../src/plan/run-record.ts';
import { STATUS_FORMAT, type Status, statusOf } from '../../src/plan/status.ts';
import { seconds } from '../../src/units.ts';
import { historyText } from '../../src/views/history-text.ts';
import { METRICS, statusPrometheus } from '../../src/views/status-prometheus.ts';
import { statusText } from '../../src/views/status-text.ts';
import { PLAIN, styleFor } from '../../src/views/style.ts';
import { aBackedUpMachine } from '../helpers/backups.ts';
import { guideRun } from '../helpers/guide-run.ts';
import { aVolume } from '../helpers/machine.ts';
import { aSpec, aVolumeSpec, CLOCK } from '../helpers/specs.ts';
import { HOSTILE } from './plans.ts';

const golden = (name: string) => `../fixtures/views/${name}`;
const HOUR = 3600;
const policy = { refreshAfter: seconds(20 * HOUR), alertAfter: seconds(30 * HOUR) };

/** One source in each state, and all else that can be told. */
function everyState(): Status {
  const names = ['root', 'home', 'mail', 'scratch-of-old-projects', 'new'];
  const kept = [
    {
      name: 'root-backup',
      of: 'SSD/root',
      time: '2026-11-23T03:12:00Z',
      verified: '2026-11-20T04:00:00Z:ok',
    },
    { name: 'root-backup.2', of: 'SSD/root', time: '2026-11-22T03:12:00Z' },
    { name: 'root-backup.3', of: 'SSD/root', state: 'incomplete' as const },
    { name: 'home-backup', of: 'SSD/home', count: 100, time: '2026-11-22T10:00:00Z' },
    {
      name: 'mail-backup',
      of: 'SSD/mail',
      time: '2026-11-19T03:12:00Z',
      verified: '2026-11-20T04:00:00Z:ok',
    },
    {
      name: 'mail-backup.2',
      of: 'SSD/mail',
      time: '2026-11-18T03:12:00Z',
      verified: '2026-11-20T04:00:00Z:damaged',
    },
    { name: 'scratch-backup', of: 'SSD/scratch-of-old-projects', time: '2026-11-23T02:00:00Z' },
    { name: 'www-backup', of: 'SSD/www', time: '2026-06-01T02:00:00Z' },
  ];
  const snapshot = aVolume('SSD', 'new-snap', 17, {
    ...{ origin: 'new', roles: ['public', 'snapshot'] },
    tags: ['lvmbackup', 'lvmbackup.run=20261123T031500Z'],
  });
  return statusOf({
    spec: aSpec([...names.map((name) => aVolumeSpec(`SSD/${name}`, policy)), aVolumeSpec('SSD/gone')]),
    file: '/etc/lvmbackup/backup.yaml',
    inventory: aBackedUpMachine(names, kept, { more: [snapshot] }),
    clock: CLOCK,
    runs: runs(),
    liveRun: false,
    held: [],
  });
}

function runs(): RunRecord[] {
  const source = (name: string, result: 'complete' | 'failed', reason: string | null) => ({
    ...{ source: `SSD/${name}`, target: `Backup/${name}-backup`, result, reason },
    ...{
      bytesRead: result === 'complete' ? 64 * 1024 ** 2 : null,
      bytesWritten: result === 'complete' ? 3 * 1024 ** 2 : null,
    },
  });
  const base = {
    ...{
      formatVersion: '1.0',
      operation: 'backup',
      file: '/etc/lvmbackup/backup.yaml',
      group: 'Backup',
      only: [],
    },
    ...{ bytesRead: 64 * 1024 ** 2, bytesWritten: 3 * 1024 ** 2 },
  };
  return [
    {
      ...{
        ...base,
        start: '2026-11-21T03:12:00Z',
        end: '2026-11-21T03:12:01Z',
        bytesRead: 0,
        bytesWritten: 0,
      },
      ...{ result: 'refused', exitCode: 4, sources: [] },
      reason:
        'insufficient-space: Backup/mail-backup needs 16 extents (64.0 MiB) of Backup, where 3 can be had',
    },
    {
      ...{
        ...base,
        start: '2026-11-22T03:12:00Z',
        end: '2026-11-22T03:20:31Z',
        result: 'nothing',
        exitCode: 0,
      },
      ...{ reason: null, sources: [], bytesRead: 0, bytesWritten: 0 },
    },
    {
      ...{
        ...base,
        start: '2026-11-23T03:12:00Z',
        end: '2026-11-23T04:20:31Z',
        result: 'partly',
        exitCode: 5,
      },
      reason: 'the snapshot SSD/mail-snap overflowed',
      sources: [
        source('root', 'complete', null),
        source('mail', 'failed', 'the snapshot SSD/mail-snap overflowed'),
        source('scratch-of-old-projects', 'failed', 'interrupted by SIGTERM'),
      ],
    },
  ];
}

describe('as text', () => {
  test('every state, with its reason, the leftovers, the space and the counts', async () => {
    await expect(`${statusText(everyState(), PLAIN)}\n`).toMatchFileSnapshot(golden('status.txt'));
  });

  test('in colour it is the same text', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    const bare = statusText(everyState(), styleFor(true)).replaceAll(/\u001b\[\d+m/g, '');
    expect(bare).toBe(statusText(everyState(), PLAIN));
  });

  test('no control character of a name reaches the terminal', () => {
    const hostile = {
      ...everyState(),
      file: HOSTILE,
      leftovers: [{ target: HOSTILE, reason: HOSTILE, source: null }],
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(statusText(hostile, PLAIN)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

describe('as JSON', () => {
  test('it is what its schema says', () => {
    const document = JSON.parse(JSON.stringify({ formatVersion: STATUS_FORMAT, ...everyState() }));
    expect(validateStatus(document), JSON.stringify(validateStatus.errors)).toBe(true);
    expect(validateStatus({ ...document, sources: [{}] })).toBe(false);
  });

  test('the history too', async () => {
    const { record } = await guideRun();
    const document = { formatVersion: '1.0', runs: [record, ...runs()], unreadable: 0 };
    expect(validateHistory(document), JSON.stringify(validateHistory.errors)).toBe(true);
    expect(validateHistory({ ...document, runs: [{}] })).toBe(false);
  });
});

describe('for Prometheus', () => {
  test('every metric of every state', async () => {
    await expect(statusPrometheus(everyState())).toMatchFileSnapshot(golden('status.prom'));
  });

  test('each line is of its format, each metric has its type once and before its samples', () => {
    const seen = new Set<string>();
    for (const line of statusPrometheus(everyState()).trimEnd().split('\n')) {
      const comment = /^# (HELP|TYPE) (lvmbackup_\w+) /.exec(line);
      if (comment?.[1] === 'TYPE') {
        expect(seen.has(comment[2] ?? '')).toBe(false);
        seen.add(comment[2] ?? '');
      } else if (!comment) {
        expect(line).toMatch(/^lvmbackup_\w+\{\w+="[^"]*"(,\w+="[^"]*")*\} -?\d+(\.\d+)?$/);
        expect(seen.has(line.slice(0, line.indexOf('{')))).toBe(true);
      }
    }
  });

  test('a name cannot end its label', () => {
    const [source] = everyState().sources;
    if (!source) throw new Error('no source');
    const text = statusPrometheus({ ...everyState(), sources: [{ ...source, source: 'a"} 1\nx\\' }] });
    expect(text).toContain(',source="a\\"} 1\\nx\\\\"}');
  });

  test('each metric is described in the documentation', () => {
    const page = readFileSync(fileURLToPath(new URL('../../docs/monitoring.md', import.meta.url)), 'utf8');
    expect(METRICS.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

test('the history as text: the newest first, with what went wrong', async () => {
  const text = historyText([...runs()].reverse(), 2, PLAIN);
  await expect(`${text}\n`).toMatchFileSnapshot(golden('history.txt'));
  expect(historyText([], 0, PLAIN)).toBe('No run has been recorded.');
});
