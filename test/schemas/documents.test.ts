/** The documents that the program writes, held against the schemas that it publishes; and damaged ones refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlan, recordedState } from '../../src/commands/make-plan.ts';
import { readSavedPlan } from '../../src/commands/saved-plan.ts';
import { ExitCode, UserError } from '../../src/errors.ts';
import { schemas } from '../../src/generated/schemas.js';
import { validatePlan, validateState } from '../../src/generated/validators.js';
import { planDocument } from '../../src/plan/document.ts';
import { staleReasons } from '../../src/plan/stale.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { mutationsOf } from '../helpers/mutate.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const names = readdirSync(`${EXAMPLES}states`).map((file) => file.replace('.json', ''));
const CLOCK = new Date('2026-11-23T09:15:00Z');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvmbackup-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function planOf(name: string, statePath = `${EXAMPLES}states/${name}.json`) {
  const result = parseSpec(readFileSync(`${EXAMPLES}${name}.yaml`));
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return makePlan({
    spec: result.spec,
    config: { path: `${name}.yaml`, sha256: '00' },
    state: recordedState(statePath),
    clock: CLOCK,
    only: [],
    outputs: [],
    liveRun: false,
  });
}

/** As it is on disk: undefined fields are gone. */
function documentOf(name: string): Record<string, unknown> {
  return JSON.parse(JSON.stringify(planDocument(planOf(name))));
}

function written(document: unknown): string {
  const path = join(folder, 'document.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

describe('every schema', () => {
  test.each(Object.keys(schemas))('%s is draft-07, and describes every property', (name) => {
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, ...rest } = node as { properties?: Record<string, { description?: string }> };
      for (const [key, property] of Object.entries(properties ?? {})) {
        if (!property.description && !('$ref' in property)) undescribed.push(`${path}/${key}`);
        visit(property, `${path}/${key}`);
      }
      for (const [key, part] of Object.entries(rest)) visit(part, `${path}/${key}`);
    };
    visit(schemas[name], '');
    expect(undescribed).toEqual([]);
    expect(new Ajv({ strict: false }).validateSchema(schemas[name] as object)).toBe(true);
  });
});

describe.each(names)('of the example %s', (name) => {
  test('the recorded state and the plan are as their schemas say', () => {
    expect(validateState(JSON.parse(readFileSync(`${EXAMPLES}states/${name}.json`, 'utf8')))).toBe(true);
    expect(validatePlan(documentOf(name)), JSON.stringify(validatePlan.errors)).toBe(true);
  });

  test('a saved plan is planned again to the same actions', () => {
    const saved = readSavedPlan(written(documentOf(name)));
    expect(staleReasons(saved, planOf(name))).toEqual([]);
  });
});

test('keys that a later minor version adds are passed over, another major is refused', () => {
  const document = { ...documentOf('guide'), formatVersion: '1.9', added: { later: true } };
  expect(readSavedPlan(written(document)).actions.length).toBeGreaterThan(0);
  expect(() => readSavedPlan(written({ ...document, formatVersion: '2.0' }))).toThrow(/format 1/);
  const state = JSON.parse(readFileSync(`${EXAMPLES}states/guide.json`, 'utf8'));
  expect(() => recordedState(written({ ...state, formatVersion: '2.0' }))).toThrow(/format "2.0"/);
});

test('what a plan says of names is checked before anything is made of it', () => {
  const document = documentOf('guide') as { config: { spec: { volumes: { source: { name: string } }[] } } };
  const [volume] = document.config.spec.volumes;
  if (volume) volume.source.name = '--config=x';
  expect(() => readSavedPlan(written(document))).toThrow(/\/config\/spec\/volumes\/0\/source\/name/);
});

/** Nothing but a message with exit code 3, or what it would be anyway. */
function wrongInputOrFine(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(ExitCode.badInput);
  }
}

test('a plan whose extents have no size is wrong input', () => {
  const document = structuredClone(documentOf('guide')) as {
    config: { spec: { group: { extentSize: number } } };
  };
  document.config.spec.group.extentSize = 0;
  expect(() => readSavedPlan(written(document))).toThrow(/extentSize/);
});

test('a damaged plan is wrong input or plans as it says, never a defect', () => {
  fc.assert(
    fc.property(mutationsOf(documentOf('guide')), (document) =>
      wrongInputOrFine(() => {
        const { config, only, createdAt } = readSavedPlan(written(document));
        const state = recordedState(`${EXAMPLES}states/guide.json`);
        const { spec, ...rest } = config;
        if (spec === null) return;
        makePlan({
          spec,
          config: rest,
          state,
          clock: new Date(createdAt),
          only,
          outputs: [],
          liveRun: false,
        });
      }),
    ),
    { numRuns: 1500 },
  );
});

test.each(names)('a damaged state of the example %s is wrong input or a plan, never a defect', (name) => {
  const state = JSON.parse(readFileSync(`${EXAMPLES}states/${name}.json`, 'utf8'));
  fc.assert(
    fc.property(mutationsOf(state), (document) => wrongInputOrFine(() => planOf(name, written(document)))),
    { numRuns: 700 },
  );
});
