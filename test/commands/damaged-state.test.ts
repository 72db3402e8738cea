/** Status and init on states that were damaged, or made by somebody with other intents: wrong input or an answer, never a defect. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { proposal } from '../../src/commands/init.ts';
import { untilItPlans } from '../../src/commands/init-check.ts';
import type { Io } from '../../src/commands/io.ts';
import { recordedState } from '../../src/commands/make-plan.ts';
import { UserError } from '../../src/errors.ts';
import { statusOf } from '../../src/plan/status.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { statusPrometheus } from '../../src/views/status-prometheus.ts';
import { statusText } from '../../src/views/status-text.ts';
import { PLAIN } from '../../src/views/style.ts';
import { mutationsOf } from '../helpers/mutate.ts';
import { ROOT } from '../helpers/program.ts';
import { CLOCK } from '../helpers/specs.ts';

const SILENT: Io = {
  ...{ out: () => {}, err: () => {}, outStyle: PLAIN, errStyle: PLAIN },
  ...{ live: false, canAsk: false },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'damaged-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function answerOrUserError(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

function written(document: unknown): string {
  const path = join(folder, 'state.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

test.each(['guide', 'pattern'])('of the example %s', async (name) => {
  const state = JSON.parse(readFileSync(`${ROOT}examples/states/${name}.json`, 'utf8'));
  const read = parseSpec(readFileSync(`${ROOT}examples/${name}.yaml`));
  if ('errors' in read) throw new Error('the example is wrong');
  await fc.assert(
    fc.asyncProperty(mutationsOf(state), async (document) => {
      const path = written(document);
      await answerOrUserError(() => {
        const { inventory } = recordedState(path);
        const status = statusOf({
          ...{ spec: read.spec, file: 'f', inventory, clock: CLOCK, runs: [], liveRun: false, held: [] },
        });
        statusText(status, PLAIN);
        statusPrometheus(status);
      });
      await answerOrUserError(async () => {
        const recorded = recordedState(path);
        untilItPlans(await proposal(recorded, CLOCK, null, SILENT), recorded, CLOCK);
      });
    }),
    { numRuns: 150 },
  );
});
