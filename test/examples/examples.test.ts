/** The examples, each with a recorded machine: valid, and plannable anywhere, without root and without LVM. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pvUuidFrom } from '../../src/lvm/pv-uuid.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { parseSpec } from '../../src/spec/parse.ts';

const FOLDER = fileURLToPath(new URL('../../examples/', import.meta.url));
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => basename(file, '.yaml'));

test('there is a recorded state for each example', () => {
  const states = readdirSync(`${FOLDER}states`).map((file) => basename(file, '.json'));
  expect(states).toEqual(names);
});

describe.each(names)('%s', (name) => {
  const text = readFileSync(`${FOLDER}${name}.yaml`);
  const state = JSON.parse(readFileSync(`${FOLDER}states/${name}.json`, 'utf8'));

  test('names its schema for editors', () => {
    expect(text.toString()).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schemas\/backup\.schema\.json\n/,
    );
  });

  test('is valid, without a warning, and has a plan without an error', () => {
    const result = parseSpec(text);
    if ('errors' in result) throw new Error(JSON.stringify(result.errors));
    expect(result.warnings).toEqual([]);
    const plan = planBackup({
      spec: result.spec,
      inventory: inventoryOf(state),
      clock: new Date('2026-11-23T09:15:00Z'),
      config: { path: `${name}.yaml`, sha256: '' },
      only: [],
      host: 'example',
      neverFreeze: ['/usr'],
      liveRun: false,
      timeZone: 'UTC',
      hasProgram: null,
      pvUuid: pvUuidFrom,
    });
    expect(plan.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(plan.actions.filter(({ type }) => type === 'copy').length).toBeGreaterThan(0);
  });
});
