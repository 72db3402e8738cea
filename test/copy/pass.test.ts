/** Lanes that take their time: the order of results, and what an error, a signal or a block that is held does. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockDone, BlockTask, CopyTask } from '../../src/copy/block.ts';
import type { Lane } from '../../src/copy/lanes.ts';
import { type Pass, runPass } from '../../src/copy/pass.ts';

const DONE: BlockDone = {
  ...{ held: false, entries: null, bytesRead: { source: 0, target: 0 } },
  ...{ ranges: [], leftZero: 0, unreadable: [] },
};

const NEVER = new AbortController().signal;

function task(offset: number, mayWrite = true): CopyTask {
  return {
    ...{ op: 'copy', offset, length: 1, known: null, unknown: 'write' },
    ...{ mayWrite, leaveZeros: false, onReadError: 'stop' },
  };
}

async function* tasksUpTo(count: number, mayWrite: () => boolean = () => true) {
  for (let offset = 0; offset < count; offset++) yield task(offset, mayWrite());
}

function lanes(count: number, run: (task: BlockTask) => Promise<BlockDone>): Lane[] {
  return Array.from({ length: count }, () => ({ run, close: async () => {} }));
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

function pass(some: Partial<Pass<CopyTask>> & Pick<Pass<CopyTask>, 'lanes' | 'tasks'>): Promise<void> {
  return runPass<CopyTask>({ rate: null, signal: NEVER, onDone: () => {}, ...some });
}

test('every block is done once, and their results come in order, one at a time', async () => {
  const delays = fc.array(fc.nat(30), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 6 }), fc.nat(5), async (delay, count, slow) => {
      const [started, given]: [number[], number[]] = [[], []];
      let giving = 0;
      await pass({
        lanes: lanes(count, async ({ offset }) => {
          started.push(offset);
          await turns(delay[offset] ?? 0);
          return DONE;
        }),
        tasks: tasksUpTo(delay.length),
        async onDone({ offset }) {
          expect(++giving).toBe(1);
          await turns(slow);
          given.push(offset);
          giving--;
        },
      });
      const all = delay.map((_, offset) => offset);
      expect(started.sort((a, b) => a - b)).toEqual(all);
      expect(given).toEqual(all);
    }),
  );
});

test('what waits for a slow block is bounded', async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let started = 0;
  const running = pass({
    lanes: lanes(3, async ({ offset }) => {
      started++;
      if (offset === 0) await slow;
      return DONE;
    }),
    tasks: tasksUpTo(20_000),
  });
  for (let before = -1; before < started; ) {
    before = started;
    await sleep(20);
  }
  expect(started).toBeGreaterThan(1000);
  expect(started).toBeLessThan(5000);
  release();
  await running;
  expect(started).toBe(20_000);
});

describe('an error', () => {
  const failing = (first: number, second = -1) =>
    lanes(4, async ({ offset }) => {
      await turns(offset % 3);
      if (offset === first) throw new Error(`first at ${offset}`);
      // Others are still on their way when it comes.
      await sleep(2);
      if (offset === second) throw new Error('second');
      return DONE;
    });

  test('ends the pass with the one that came first; what is on its way is waited for, nothing new begins', async () => {
    const done: number[] = [];
    let began = 0;
    let atWork = 0;
    const watched = failing(10, 8).map(({ run, close }) => ({
      close,
      async run(one: BlockTask) {
        began++;
        atWork++;
        return run(one).finally(() => atWork--);
      },
    }));
    const running = pass({
      lanes: watched,
      tasks: tasksUpTo(1000),
      onDone: ({ offset }) => {
        done.push(offset);
      },
    });
    await expect(running).rejects.toThrow('first at 10');
    expect(atWork).toBe(0);
    expect(began).toBeLessThanOrEqual(14);
    expect(done).toEqual(done.map((_, index) => index));
    expect(done.length).toBeLessThanOrEqual(10);
  });

  test('of the tasks or of the results ends it too', async () => {
    async function* broken() {
      yield task(0);
      throw new Error('no more tasks');
    }
    const good = () => lanes(3, async () => DONE);
    await expect(pass({ lanes: good(), tasks: broken() })).rejects.toThrow('no more tasks');
    let given = 0;
    const onDone = () => {
      given++;
      if (given === 5) throw new Error('not taken');
    };
    await expect(pass({ lanes: good(), tasks: tasksUpTo(100), onDone })).rejects.toThrow('not taken');
    expect(given).toBe(5);
  });

  test('wakes lanes that wait for a slow block', async () => {
    const waits = lanes(3, async ({ offset }) => {
      if (offset > 0) return DONE;
      await sleep(100);
      throw new Error('slow, and wrong');
    });
    await expect(pass({ lanes: waits, tasks: tasksUpTo(20_000) })).rejects.toThrow('slow, and wrong');
  });

  test('leaves no rejection that nobody hears', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on('unhandledRejection', hear);
    try {
      const all = lanes(4, async () => Promise.reject(new Error('all')));
      await expect(pass({ lanes: all, tasks: tasksUpTo(50) })).rejects.toThrow('all');
      const held = lanes(4, async () => ({ ...DONE, held: true }));
      const beforeFirstWrite = () => Promise.reject(new Error('no mark'));
      const tasks = tasksUpTo(50, () => false);
      await expect(pass({ lanes: held, tasks, beforeFirstWrite })).rejects.toThrow('no mark');
      const onDone = () => Promise.reject(new Error('no room'));
      const good = lanes(4, async () => DONE);
      await expect(pass({ lanes: good, tasks: tasksUpTo(50), onDone })).rejects.toThrow('no room');
      await sleep(20);
    } finally {
      process.off('unhandledRejection', hear);
    }
    expect(unheard).toEqual([]);
  });
});

describe('a signal', () => {
  test('ends it after the requests that are on their way', async () => {
    const stop = new AbortController();
    let began = 0;
    const running = pass({
      lanes: lanes(4, async () => {
        began++;
        if (began === 20) stop.abort(new Error('stopped'));
        await turns(5);
        return DONE;
      }),
      tasks: tasksUpTo(1000),
      signal: stop.signal,
    });
    await expect(running).rejects.toThrow('stopped');
    expect(began).toBeLessThanOrEqual(20);
  });

  test('that came before lets nothing begin', async () => {
    let began = 0;
    const some = lanes(2, async () => {
      began++;
      return DONE;
    });
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(pass({ lanes: some, tasks: tasksUpTo(5), signal })).rejects.toThrow('stopped');
    expect(began).toBe(0);
  });
});

test('a block that is held is done again when it may be written, and not before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      fc.nat(8),
      async (needs, takes) => {
        let mayWrite = false;
        let begun: Promise<void> | null = null;
        const written: number[] = [];
        const given: BlockDone[] = [];
        await pass({
          lanes: lanes(3, async (one) => {
            await turns(one.offset % 4);
            if (!needs[one.offset]) return DONE;
            if (one.op !== 'copy' || !one.mayWrite) return { ...DONE, held: true };
            expect(mayWrite).toBe(true);
            written.push(one.offset);
            return DONE;
          }),
          tasks: tasksUpTo(needs.length, () => mayWrite),
          beforeFirstWrite() {
            begun ??= turns(takes).then(() => {
              mayWrite = true;
            });
            return begun;
          },
          onDone: (_, done) => {
            given.push(done);
          },
        });
        expect(written.sort((a, b) => a - b)).toEqual(
          needs.flatMap((need, offset) => (need ? [offset] : [])),
        );
        expect(given.filter(({ held }) => held)).toEqual([]);
        expect(given).toHaveLength(needs.length);
      },
    ),
  );
});

test('every block waits for the rate', async () => {
  const asked: number[] = [];
  const rate = { rate: 1, pass: async (count: number) => void asked.push(count) };
  await pass({
    lanes: lanes(2, async () => DONE),
    tasks: tasksUpTo(7),
    rate: rate as unknown as Pass<CopyTask>['rate'],
  });
  expect(asked).toEqual(Array.from({ length: 7 }, () => 1));
});
