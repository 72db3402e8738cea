/** The copy within a run, between files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyStep } from '../../src/commands/copy-step.ts';

const folder = mkdtempSync(join(tmpdir(), 'copy-step-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a source that was resized since the plan is not copied in part: nothing is written', async () => {
  const [from, to] = ['source', 'target'].map((name) => join(folder, name)) as [string, string];
  writeFileSync(from, Buffer.alloc(3 * 1024 ** 2, 7));
  writeFileSync(to, Buffer.alloc(4 * 1024 ** 2, 1));
  const step = copyStep(folder, () => Promise.reject(new Error('not asked')), {
    lock: -1,
    program: [process.execPath],
  });
  const action = {
    ...{ type: 'copy', unit: 'S/a', source: 'S/a-snap', target: 'B/a-backup', mode: 'full', reason: '' },
    ...{
      bytes: 2 * 1024 ** 2,
      verify: 'none',
      rate: null,
      onReadError: 'stop',
      since: null,
      lastDigest: null,
    },
    ...{
      identity: { source: 'S/a', sourceId: 'a/b', host: '', size: 2 * 1024 ** 2 },
      targetReadsZero: false,
    },
  };
  const options = { signal: new AbortController().signal, onProgress: () => {}, onTouch: () => {} };
  await expect(step({ from, to, action } as never, options)).rejects.toThrow('it was resized meanwhile');
  expect(readFileSync(to).equals(Buffer.alloc(4 * 1024 ** 2, 1))).toBe(true);
});
