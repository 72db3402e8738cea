/**
 * Files that somebody else wrote, or that rotted: whatever is in them, there is an answer or one message with an exit
 * code of the table, and no command runs. Seeded, so that a failure comes again. FULL=1 tries all of them, else a part.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Io } from '../../src/commands/io.ts';
import { makePlan, recordedState, specFor } from '../../src/commands/make-plan.ts';
import { plan } from '../../src/commands/plan.ts';
import { readSavedPlan } from '../../src/commands/saved-plan.ts';
import { validate } from '../../src/commands/validate.ts';
import { ExitCode, UserError } from '../../src/errors.ts';
import { planDocument } from '../../src/plan/document.ts';
import { staleReasons } from '../../src/plan/stale.ts';
import { escaped } from '../../src/views/printable.ts';
import { PLAIN } from '../../src/views/style.ts';
import { trial } from '../helpers/faults.ts';
import { mutationsOf } from '../helpers/mutate.ts';
import { ROOT } from '../helpers/program.ts';
import { CLOCK } from '../helpers/specs.ts';
import { garbled } from './garble.ts';

/** Where one of these is called the input made a command run. No UserError, so that it is seen. */
const run = vi.hoisted(() => () => {
  throw new TypeError('a command was run');
});
vi.mock('node:child_process', async (original) => ({
  ...(await original<object>()),
  ...{ spawn: run, spawnSync: run, execFile: run, exec: run, execSync: run, fork: run },
}));
vi.mock('../../src/lvm/spawn.ts', async (original) => ({
  ...(await original<object>()),
  ...{ runCommand: run, runPatiently: run, startCommand: run },
}));

const FULL = process.env.FULL !== undefined;
const COUNTS = FULL
  ? { yaml: 20_000, reports: 20_000, plans: 5_000 }
  : { yaml: 1_500, reports: 1_000, plans: 400 };
const SEED = Number(process.env.SEED ?? 20_261_125);
/** A bound against a hang, far above what an input takes on the slowest machine. */
const HANGS = { timeout: 30_000 };

const EXAMPLES = ['guide', 'one-disk', 'pattern', 'set', 'hooks'] as const;
const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const textOf = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const yamlOf = (name: string) => textOf(`examples/${name}.yaml`);
const stateOf = (name: string) =>
  JSON.parse(textOf(`examples/states/${name}.json`)) as Record<string, unknown>;

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a person would see: what the command wrote, or its message as the program shows it. Any exception that is no UserError is a defect. */
async function answer(command: (io: Io) => number | Promise<number>): Promise<Answer> {
  let out = '';
  let err = '';
  const io: Io = {
    ...{ outStyle: PLAIN, errStyle: PLAIN, live: false, canAsk: false },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  };
  try {
    return { code: await command(io), out, err };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { code: error.exitCode, out, err: err + escaped(error.message) };
  }
}

const CODES = new Set<number>(Object.values(ExitCode));

// A terminal does what these say: nothing from a file may carry them through.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/;

function expectGood({ code, out, err }: Answer): void {
  expect(CODES).toContain(code);
  if (code !== 0) expect((out + err).trim()).not.toBe('');
  expect(out + err).not.toMatch(
    /\n\s+at .*:\d+:\d+|TypeError|RangeError|ReferenceError|\[object Object\]|undefined/,
  );
  expect(out + err).not.toMatch(CONTROLS);
}

/** Tries `count` of them; gives how often each exit code came. */
async function tryAll<T>(
  what: string,
  count: number,
  inputs: fc.Arbitrary<T>,
  command: (input: T) => Promise<Answer>,
): Promise<void> {
  const codes = new Map<number, number>();
  await trial('fuzzing', what, async (seen) => {
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const given = await command(input);
        expectGood(given);
        seen.tried++;
        seen.survived++;
        codes.set(given.code, (codes.get(given.code) ?? 0) + 1);
      }),
      { seed: SEED, numRuns: count, ...HANGS },
    );
  });
  const shares = [...codes].sort().map(([code, times]) => `exit ${code}: ${times}`);
  console.log(`${count} inputs, seed ${SEED}: ${shares.join(', ')}`);
  // Were all of them refused at the first look, nothing behind it would have been tried.
  expect(codes.size).toBeGreaterThan(1);
}

const example = fc.constantFrom(...EXAMPLES);

test('a backup.yaml, its text garbled or its parts exchanged', async () => {
  const inputs = example.chain((name) => {
    const text = yamlOf(name);
    const parts = mutationsOf(parse(text)).map((document) =>
      stringify(document, { aliasDuplicateObjects: false }),
    );
    return fc.record({ name: fc.constant(name), text: fc.oneof(garbled(text), parts) });
  });
  await tryAll('backup.yaml mutated', COUNTS.yaml, inputs, async ({ name, text }) => {
    const file = written('backup.yaml', text);
    const valid = await answer((io) => validate({ file, format: 'text' }, io));
    expectGood(valid);
    const state = `${ROOT}examples/states/${name}.json`;
    const planned = await answer((io) => plan({ file, state, format: 'text', only: [] }, io));
    expect(planned.code === ExitCode.badInput).toBe(valid.code === ExitCode.badInput);
    return planned;
  });
}, 3_600_000);

test('the report of LVM and that of lsblk, garbled or with parts exchanged', async () => {
  const inputs = example.chain((name) => {
    const state = stateOf(name);
    const whole = JSON.stringify(state);
    const parts = fc
      .constantFrom('fullreport', 'lsblk', 'probes', 'links')
      .chain((key) => mutationsOf(state[key]).map((part) => JSON.stringify({ ...state, [key]: part })));
    return fc.record({
      name: fc.constant(name),
      text: fc.oneof({ weight: 4, arbitrary: parts }, { weight: 1, arbitrary: garbled(whole) }),
    });
  });
  await tryAll('reports mutated', COUNTS.reports, inputs, ({ name, text }) => {
    const state = written('state.json', text);
    return answer((io) =>
      plan({ file: `${ROOT}examples/${name}.yaml`, state, format: 'text', only: [] }, io),
    );
  });
}, 3_600_000);

test('a saved plan, garbled or with parts exchanged: what it leads to is planned anew, whatever commands it names', async () => {
  const savedOf = (name: string) => {
    const io: Io = {
      out: () => {},
      err: () => {},
      outStyle: PLAIN,
      errStyle: PLAIN,
      live: false,
      canAsk: false,
    };
    const from = specFor(`${ROOT}examples/${name}.yaml`, 'look', io, false);
    if (!from) throw new Error('the example is wrong');
    const state = recordedState(`${ROOT}examples/states/${name}.json`);
    return planDocument(makePlan({ ...from, state, clock: CLOCK, only: [], outputs: [], liveRun: false }));
  };
  const inputs = example.chain((name) => {
    const saved = JSON.parse(JSON.stringify(savedOf(name)));
    const parts = mutationsOf(saved).map((document) => JSON.stringify(document));
    return fc.record({
      name: fc.constant(name),
      text: fc.oneof(garbled(JSON.stringify(saved)), parts, parts),
    });
  });
  await tryAll('saved plans mutated', COUNTS.plans, inputs, ({ name, text }) => {
    const path = written('plan.json', text);
    return answer((io) => {
      const saved = readSavedPlan(path);
      if (saved.config.spec === null) throw new UserError(ExitCode.badInput, 'a plan without a file');
      const { spec, ...config } = saved.config;
      const state = recordedState(`${ROOT}examples/states/${name}.json`);
      const clock = new Date(saved.createdAt);
      const now = makePlan({
        spec,
        config,
        state,
        clock,
        only: saved.only ?? [],
        outputs: [],
        liveRun: false,
      });
      const moved = staleReasons(saved, now);
      // Taken as approved: then it names the same commands, and they were made here.
      if (moved.length === 0) return ExitCode.done;
      io.err(escaped(moved.join(', ')));
      return ExitCode.refused;
    });
  });
}, 3_600_000);
