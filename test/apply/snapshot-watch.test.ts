import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextLook, watchSnapshot } from '../../src/apply/snapshot-watch.ts';
import type { RunCommand } from '../../src/lvm/spawn.ts';

describe('the time to the next look', () => {
  test('follows the rate: ten looks before it would be full', () => {
    expect(nextLook(10, 20, 10)).toBe(8);
    expect(nextLook(40, 60, 10)).toBe(1);
  });

  test('is never too short nor too long', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.integer({ min: 0, max: 100 }),
        fc.double({ noNaN: true }),
        (grown, fill, seconds) => {
          const look = nextLook(grown, fill, seconds);
          expect(look).toBeGreaterThanOrEqual(0.5);
          expect(look).toBeLessThanOrEqual(10);
        },
      ),
    );
    expect(nextLook(0, 50, 1)).toBe(10);
    expect(nextLook(90, 99, 0.1)).toBe(0.5);
  });
});

/** The kernel, saying these one after the other of the snapshot. */
function kernel(...said: readonly string[]): { run: RunCommand; asked: string[] } {
  const asked: string[] = [];
  const left = [...said];
  const run: RunCommand = async (argv) => {
    asked.push(argv.join(' '));
    const words = left.length > 1 ? left.shift() : left[0];
    return { argv, exitCode: 0, signal: null, stdout: `0 204800 snapshot ${words}\n`, stderr: '' };
  };
  return { run, asked };
}

const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason));
  });

test('an overflow ends what is under way, with the reason', async () => {
  const { run, asked } = kernel('1024/204800 16', 'Invalid');
  const watch = watchSnapshot('vg-a/root-snap', run, new AbortController().signal);
  expect(await aborted(watch.signal)).toMatchObject({
    message: expect.stringContaining('vg-a/root-snap overflowed'),
  });
  expect(watch.fill()).toBe(0.5);
  expect(asked[0]).toBe('dmsetup status vg--a-root--snap');
});

test('the stop of the run ends it too, and its own reason stands', async () => {
  const stop = new AbortController();
  const watch = watchSnapshot('vg/snap', kernel('1024/204800 16').run, stop.signal);
  stop.abort('SIGINT');
  expect(watch.signal.reason).toBe('SIGINT');
});

test('after its end nothing is asked any more', async () => {
  const { run, asked } = kernel('Invalid');
  const watch = watchSnapshot('vg/snap', run, new AbortController().signal);
  watch.end();
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(asked).toEqual([]);
  expect(watch.signal.aborted).toBe(false);
});
