import { expect, test } from 'vitest';
import { isLentUuid } from '../../src/lvm/names.ts';
import { pvUuidFrom } from '../../src/lvm/pv-uuid.ts';

test('a UUID has the form that LVM takes, and begins with our name', () => {
  for (let seed = 0; seed < 500; seed++) {
    expect(pvUuidFrom(String(seed), 'lend')).toMatch(/^LvmBkp-(?:[0-9A-Za-z]{4}-){5}[0-9A-Za-z]{6}$/);
  }
  // The other one is not taken for a loan, whatever becomes of its disk.
  expect([isLentUuid(pvUuidFrom('', 'stay')), isLentUuid(pvUuidFrom('', 'lend'))]).toEqual([false, true]);
  expect(pvUuidFrom('', 'stay')).toMatch(/^LvmBkp-Kept-(?:[0-9A-Za-z]{4}-){4}[0-9A-Za-z]{6}$/);
});

test('the same seed gives the same UUID, another seed another', () => {
  const all = new Set(Array.from({ length: 2000 }, (_, seed) => pvUuidFrom(`seed ${seed}`, 'lend')));
  expect(all.size).toBe(2000);
  expect(all.has(pvUuidFrom('seed 7', 'lend'))).toBe(true);
});
