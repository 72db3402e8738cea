import { expect, test } from 'vitest';
import { OUR_UUID_PREFIX } from '../../src/lvm/names.ts';
import { pvUuidFrom } from '../../src/lvm/pv-uuid.ts';

test('a UUID has the form that LVM takes, and begins with our name', () => {
  for (let seed = 0; seed < 500; seed++) {
    expect(pvUuidFrom(String(seed))).toMatch(/^LvmBkp-(?:[0-9A-Za-z]{4}-){5}[0-9A-Za-z]{6}$/);
  }
  expect(pvUuidFrom('').startsWith(OUR_UUID_PREFIX)).toBe(true);
});

test('the same seed gives the same UUID, another seed another', () => {
  const all = new Set(Array.from({ length: 2000 }, (_, seed) => pvUuidFrom(`seed ${seed}`)));
  expect(all.size).toBe(2000);
  expect(all.has(pvUuidFrom('seed 7'))).toBe(true);
});
