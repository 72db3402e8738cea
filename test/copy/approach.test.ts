/** Every way that may be taken, and the reason that is told for it. */
import { describe, expect, test } from 'vitest';
import { type Asked, approachTo } from '../../src/copy/approach.ts';
import { CHUNK } from '../../src/copy/chunk.ts';
import { RangeSet } from '../../src/ranges.ts';
import { bytes } from '../../src/units.ts';

const SIZE = bytes(10 * CHUNK + 512);
const HEADER = {
  ...{ target: 'T', source: 'S', size: SIZE, generation: 1, digest: 'D', changed: 'then' },
  key: Buffer.alloc(16),
};
const EXPECTED = { target: 'T', source: 'S', digest: 'D', changed: 'then' };
const LIST = new RangeSet();
const DOUBTED = new RangeSet();
DOUBTED.add(5, 5);

type Kept = NonNullable<Asked['manifest']>;

function approach(kept: Partial<Kept> | null, asked: Partial<Asked> = {}) {
  const manifest = kept && { found: HEADER, doubt: null, expected: EXPECTED, ...kept };
  return approachTo({ mode: 'changed', size: SIZE, list: null, ...asked, manifest });
}

describe('without a manifest', () => {
  test.each([
    [LIST, 'list', 'a list of changes was given'],
    [null, 'compare', 'no manifest is kept, and no list of changes was given'],
  ])('and with the list %j: %s', (list, mode, reason) => {
    expect(approach(null, { list })).toEqual({ mode, reason, believed: 0, candidates: list, doubted: null });
  });
});

describe('what was asked for in full is copied in full, whatever there is', () => {
  test.each([[null], [{}], [{ doubt: 'anything' as const }]])('%j', (kept) => {
    expect(approach(kept, { mode: 'full', list: LIST })).toEqual({
      ...{
        mode: 'full',
        reason: 'everything was to be copied',
        believed: 0,
        candidates: null,
        doubted: null,
      },
    });
  });
});

describe('a manifest that is not believed leads to a comparison, also where there is a list', () => {
  const expected = (other: Partial<Kept['expected']>) => ({ expected: { ...EXPECTED, ...other } });
  const cases: [string, Partial<Kept>][] = [
    ['there is no manifest of the target', { found: null }],
    ['the manifest is damaged', { found: { fault: 'is damaged' } }],
    ['the last run was cut while it wrote to the target', { doubt: 'anything' }],
    ['the manifest is of another target', expected({ target: 'U' })],
    ['the target was made for another source', expected({ source: 'U' })],
    ['the manifest is of another generation than the target', expected({ digest: 'E' })],
    ['somebody has written to the target since', expected({ changed: 'now' })],
    ['somebody has written to the target since', expected({ changed: null })],
  ];
  test.each(cases)('%s', (reason, kept) => {
    for (const list of [null, LIST]) {
      expect(approach(kept, { list })).toEqual({
        ...{ mode: 'compare', reason, believed: 0, candidates: null, doubted: null },
      });
    }
  });
});

describe('a manifest that is believed', () => {
  test('of all chunks', () => {
    expect(approach({})).toEqual({
      ...{ mode: 'manifest', believed: 11, candidates: null, doubted: null },
      reason: 'the manifest tells what the target holds',
    });
  });

  test('with a list', () => {
    expect(approach({}, { list: LIST })).toEqual({
      ...{ mode: 'list', believed: 11, candidates: LIST, doubted: null },
      reason: 'a list of changes was given, the manifest tells what the target holds',
    });
  });

  test('also where nothing else tells of the last copy', () => {
    expect(approach({ expected: { ...EXPECTED, digest: null } }).mode).toBe('manifest');
  });

  test.each([null, LIST])('but not of what a run that was cut may have written; list: %j', (list) => {
    const found = approach({ doubt: { ranges: DOUBTED } }, { list });
    expect(found).toMatchObject({ mode: list ? 'list' : 'manifest', believed: 11, doubted: DOUBTED });
    expect(found.reason).toMatch(/; what a run that was cut may have written is looked at too$/);
  });

  test.each([
    [SIZE + 1, 10, 'grew'],
    [SIZE + 5 * CHUNK, 10, 'grew'],
    [SIZE - 1, 10, 'shrank'],
    [SIZE - 512, 10, 'shrank'],
    [SIZE - 513, 9, 'shrank'],
    [CHUNK - 1, 0, 'shrank'],
  ])('of whole chunks that both sizes have, of %i bytes: %i', (size, believed, how) => {
    const found = approach({}, { size: bytes(size) });
    expect(found).toMatchObject({ mode: 'manifest', believed });
    expect(found.reason).toContain(`the source ${how} from ${SIZE} to ${size} bytes`);
  });
});
