/** The plan as people read it, whole: test/fixtures/views holds what is shown. `vitest -u` after a change, and read. */
import { describe, expect, test } from 'vitest';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { planDiff } from '../../src/views/plan-diff.ts';
import { planMarkdown } from '../../src/views/plan-markdown.ts';
import { planText } from '../../src/views/plan-text.ts';
import { PLAIN, styleFor } from '../../src/views/style.ts';
import { anInput, aSpec } from '../helpers/specs.ts';
import { guideMachine, guidePlan, guideSpec, hostilePlan, refusedPlan } from './plans.ts';

const golden = (name: string) => `../fixtures/views/${name}`;
const plain = { style: PLAIN, verbose: false };

describe('as text', () => {
  test('the guide: actions in their brackets with sizes and reasons, the space table, warnings, the counts', async () => {
    await expect(`${planText(guidePlan(), plain)}\n`).toMatchFileSnapshot(golden('plan-guide.txt'));
  });

  test('with -v also the exact commands', async () => {
    const text = planText(guidePlan(), { style: PLAIN, verbose: true });
    await expect(`${text}\n`).toMatchFileSnapshot(golden('plan-guide-verbose.txt'));
  });

  test('in colour it is the same text', async () => {
    const text = planText(guidePlan(), { style: styleFor(true), verbose: false });
    await expect(`${text}\n`).toMatchFileSnapshot(golden('plan-guide-colour.txt'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(planText(guidePlan(), plain));
  });

  test('refused: whole all the same, the actions that cannot be are marked, and what would help is said', async () => {
    await expect(`${planText(refusedPlan(), plain)}\n`).toMatchFileSnapshot(golden('plan-refused.txt'));
  });

  test('with nothing to do it says so, and no empty table', () => {
    const plan = planBackup(anInput(aSpec([]), guideMachine()));
    const problems = { ...plan, problems: [] };
    expect(planText(problems, plain)).toBe('No changes: every backup is as the file wants it.');
  });

  test('one extent is one extent, and no device is named where none has room', () => {
    const plan = guidePlan();
    const [first] = plan.actions.filter(({ type }) => type === 'snapshot.create');
    if (first?.type !== 'snapshot.create') throw new Error('no snapshot');
    const one = { ...first, extents: 1, bytes: 4 * 1024 ** 2, placement: { devices: [] } } as unknown;
    const text = planText({ ...plan, actions: [one as typeof first] }, plain);
    expect(text).toContain('1 extent (4.0 MiB) · ');
  });
});

describe('as Markdown', () => {
  test('the guide, with its commands folded away', async () => {
    await expect(`${planMarkdown(guidePlan())}\n`).toMatchFileSnapshot(golden('plan-guide.md'));
  });

  test('refused: what stands against it comes first', async () => {
    await expect(`${planMarkdown(refusedPlan())}\n`).toMatchFileSnapshot(golden('plan-refused.md'));
  });

  test('a name cannot leave its cell, nor become markup', () => {
    const lines = planMarkdown(hostilePlan()).split('\n');
    const table = lines.slice(lines.findIndex((line) => line.startsWith('| # |')));
    const rows = table.slice(2, table.indexOf(''));
    expect(rows).toHaveLength(guidePlan().actions.length);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
    expect(rows.join('')).not.toMatch(/(?<!\\)<script/);
  });
});

describe('as a diff', () => {
  test('the guide: what is and what will be', async () => {
    await expect(`${planDiff(guidePlan(), PLAIN)}\n`).toMatchFileSnapshot(golden('plan-guide.diff'));
  });

  test('nothing where the layout stays as it is', () => {
    expect(planDiff({ layout: () => ({ before: ['a'], after: ['a'] }) }, PLAIN)).toBe('');
  });

  test('a layout that was empty, and one that becomes so', () => {
    const diff = (before: string[], after: string[]) =>
      planDiff({ layout: () => ({ before, after }) }, PLAIN);
    expect(diff([], ['group G'])).toBe('--- now\n+++ after apply\n@@ -0,0 +1,1 @@\n+group G');
    expect(diff(['group G'], [])).toBe('--- now\n+++ after apply\n@@ -1,1 +0,0 @@\n-group G');
  });
});

test.each([
  ['text', () => planText(hostilePlan(), { style: PLAIN, verbose: true })],
  ['markdown', () => planMarkdown(hostilePlan())],
  ['diff', () => planDiff(hostilePlan(), PLAIN)],
])('as %s no control character of a name reaches the terminal', (_, show) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(show()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(show()).toContain('\\x1b');
});

test('a restore in Markdown says of what, and to where', () => {
  const request = { source: 'S/root_1', point: null, to: 'S/new', group: null };
  expect(planMarkdown({ ...guidePlan(), operation: 'restore', restore: request })).toMatch(
    /^### lvmbackup restore of S\/root\\_1 to S\/new\n/,
  );
});

test('the space table names a group once, and its file is the guide', () => {
  expect(guidePlan().space.map(({ group }) => group)).toEqual(['Backup', 'SSD']);
  expect(guideSpec().volumes).toHaveLength(3);
});
