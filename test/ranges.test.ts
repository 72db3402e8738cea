import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RangeSet } from '../src/ranges.ts';

const pairs = fc.array(fc.tuple(fc.nat(3000), fc.nat(60)), { maxLength: 120 });

function setOf(list: readonly (readonly [number, number])[], most?: number): RangeSet {
  const set = new RangeSet(most);
  for (const [start, length] of list) set.add(start, length);
  return set;
}

const covered = (set: Iterable<{ start: number; length: number }>) => {
  const places = new Set<number>();
  for (const { start, length } of set) for (let at = start; at < start + length; at++) places.add(at);
  return places;
};

test('what was added is there, nothing else, sorted and merged', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const set = setOf(list);
      const expected = covered(list.map(([start, length]) => ({ start, length })));
      expect(covered(set)).toEqual(expected);
      expect(set.total).toBe(expected.size);
      const ranges = [...set];
      expect(set.count).toBe(ranges.length);
      ranges.slice(1).forEach(({ start }, index) => {
        const before = ranges[index];
        expect(start).toBeGreaterThan((before?.start ?? 0) + (before?.length ?? 0));
      });
    }),
  );
});

test('it can be read in between, and go on', () => {
  fc.assert(
    fc.property(pairs, pairs, (first, second) => {
      const set = setOf(first);
      expect(set.count).toBe(setOf(first).count);
      for (const [start, length] of second) set.add(start, length);
      expect([...set]).toEqual([...setOf([...first, ...second])]);
    }),
  );
});

test('beyond its limit it names more, never less', () => {
  const wide = fc.array(fc.tuple(fc.nat(2 ** 40), fc.nat(2 ** 20)), { maxLength: 200 });
  fc.assert(
    fc.property(wide, fc.integer({ min: 2, max: 20 }), (list, most) => {
      const few = [...setOf(list, most)];
      expect(few.length).toBeLessThanOrEqual(most);
      for (const [start, length] of list) {
        if (length === 0) continue;
        const around = few.find((one) => one.start <= start && start + length <= one.start + one.length);
        expect(around).toBeDefined();
      }
    }),
  );
});

describe('what is no range is refused', () => {
  test.each([
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [Number.MAX_SAFE_INTEGER, 2],
    [Number.NaN, 1],
  ])('%d, %d', (start, length) => {
    expect(() => new RangeSet().add(start, length)).toThrow(RangeError);
  });

  test('a limit under two', () => {
    expect(() => new RangeSet(1)).toThrow(RangeError);
  });
});
