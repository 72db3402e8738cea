/** A run as people and programs follow it: the guide's, disturbed in various ways. */
import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../src/apply/context.ts';
import type { ApplyEvent, Outcome } from '../../src/apply/events.ts';
import { runPlan } from '../../src/apply/run-plan.ts';
import { exitCodeOf } from '../../src/commands/apply.ts';
import { bytes, MiB, seconds } from '../../src/units.ts';
import { applyJson } from '../../src/views/apply-json.ts';
import { applyText, outcomeText } from '../../src/views/apply-text.ts';
import { PLAIN, styleFor } from '../../src/views/style.ts';
import { type Disturbance, SimulatedLvm } from '../helpers/simulated-lvm.ts';
import { CLOCK } from '../helpers/specs.ts';
import { guideMachine, guidePlan, HOSTILE } from './plans.ts';

const golden = (name: string) => `../fixtures/views/${name}`;

/** A run on the simulated LVM, where each command takes a quarter of a second and a copy has five reports. */
async function run(
  disturbance: Disturbance | null = null,
): Promise<{ events: ApplyEvent[]; outcome: Outcome }> {
  const lvm = new SimulatedLvm(guideMachine(), disturbance);
  const usual = lvm.context();
  let clock = CLOCK.getTime();
  const copy: RunContext['copy'] = async (step, options) => {
    for (const part of [0.07, 0.25, 0.5, 0.99, 1]) {
      options.onProgress({
        phase: 'copy',
        read: bytes(0),
        written: bytes(0),
        skipped: bytes(0),
        done: bytes(Math.floor(step.action.bytes * part)),
        total: step.action.bytes,
        rate: 100 * MiB,
        secondsLeft: part < 0.2 ? null : seconds(Math.ceil((step.action.bytes * (1 - part)) / MiB)),
      });
    }
    return usual.copy(step, options);
  };
  const now = () => {
    clock += 250;
    return new Date(clock);
  };
  const outcome = await runPlan(guidePlan(), { ...usual, copy, now });
  return { events: lvm.events, outcome };
}

function shown({ events, outcome }: Awaited<ReturnType<typeof run>>, live = false, style = PLAIN): string {
  let text = '';
  const show = applyText({ style, live, write: (more) => (text += more) });
  for (const event of events) show(event);
  return `${text}\n${outcomeText(outcome, style)}\n`;
}

describe('as text', () => {
  test('elsewhere than on a terminal: a line an action, a line now and then for a copy, the result', async () => {
    await expect(shown(await run())).toMatchFileSnapshot(golden('apply.txt'));
  });

  test('on a terminal the line of a copy is drawn over', async () => {
    const text = shown(await run(), true, styleFor(true));
    await expect(text).toMatchFileSnapshot(golden('apply-terminal.txt'));
    const lines = text.split('\n');
    for (const line of lines) {
      const drawn = line.split('\r').slice(0, -1);
      if (drawn.length > 0) expect(line).toContain('\r\u001b[K');
    }
  });

  test('a failed snapshot: what failed and why, what was not run for it, and what was done all the same', async () => {
    const text = shown(await run({ action: 4, command: 0, how: 'fails' }));
    await expect(text).toMatchFileSnapshot(golden('apply-failed.txt'));
  });

  test('a snapshot that cannot be removed: what is left open is named', async () => {
    const text = shown(await run({ action: 6, command: 0, how: 'fails for good' }));
    await expect(text).toMatchFileSnapshot(golden('apply-left-open.txt'));
  });

  test('a signal: what is open is closed, the rest is passed over', async () => {
    const text = shown(await run({ action: 5, command: 1, how: 'signal' }));
    await expect(text).toMatchFileSnapshot(golden('apply-interrupted.txt'));
  });

  test('long times are told in minutes and hours', async () => {
    const { outcome } = await run();
    expect(outcomeText({ ...outcome, seconds: 59.94 }, PLAIN)).toContain('in 59.9 s');
    expect(outcomeText({ ...outcome, seconds: 245.4 }, PLAIN)).toContain('in 4 min 5 s');
    expect(outcomeText({ ...outcome, seconds: 7384 }, PLAIN)).toContain('in 2 h 3 min');
  });

  test("no control character of LVM's messages or of a name reaches the terminal", async () => {
    const { events, outcome } = await run({ action: 4, command: 0, how: 'fails' });
    const hostile = events.map((event) =>
      event.type === 'action.failed'
        ? { ...event, failure: { message: HOSTILE, details: [HOSTILE], hint: HOSTILE } }
        : event,
    );
    const units = outcome.units.map((unit) => ({ ...unit, source: HOSTILE, reason: HOSTILE }));
    const text = shown({
      events: hostile,
      outcome: { ...outcome, units, leftOpen: [{ action: 2, what: HOSTILE }] },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text.split('\\x1b[2J').length).toBeGreaterThan(5);
  });
});

describe('as JSON', () => {
  async function lines(disturbance: Disturbance | null = null) {
    const { events, outcome } = await run(disturbance);
    const written: string[] = [];
    const json = applyJson(
      (line) => written.push(line),
      () => CLOCK,
    );
    json.begin(guidePlan(), '0.1.0');
    for (const event of events) json.event(event);
    json.end(outcome, exitCodeOf(outcome));
    return written;
  }

  test('one object a line, each with its type and time', async () => {
    const written = await lines();
    for (const line of written) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).toMatchObject({ type: expect.any(String), time: CLOCK.toISOString() });
    }
    const types = written.map((line) => JSON.parse(line).type);
    expect([types[0], types[1], types.at(-1)]).toEqual(['version', 'planned', 'summary']);
    expect(new Set(types)).toEqual(
      new Set(['version', 'planned', 'action.start', 'action.progress', 'action.done', 'summary']),
    );
  });

  test('actions are named by their number in the plan, and the summary tells each source and the exit code', async () => {
    const written = (await lines({ action: 4, command: 0, how: 'fails' })).map((line) => JSON.parse(line));
    const planned = written
      .find(({ type }) => type === 'planned')
      .plan.actions.map(({ id }: { id: number }) => id);
    for (const { action } of written.filter(({ type }) => type.startsWith('action.')))
      expect(planned).toContain(action);
    expect(written.find(({ type }) => type === 'action.failed')).toMatchObject({
      action: 4,
      failure: { message: expect.stringContaining('lvcreate'), details: ['it fails'] },
    });
    expect(written.at(-1)).toMatchObject({
      exitCode: 5,
      units: [
        { source: 'SSD/root', target: 'Backup/root-backup', result: 'failed' },
        { source: 'SSD/home', target: 'Backup/home-backup', result: 'complete' },
        { source: '/dev/sda1', target: 'Backup/boot-backup', result: 'complete' },
      ],
    });
  });
});
