import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          // Properties try thousands of cases, and machines are busy.
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'lab',
          globalSetup: ['test/helpers/faults.ts'],
          include: ['test/lab/**/*.test.ts'],
          // Emulated machines: two at a time, for each waits as often as it computes, and patient. After the units,
          // which take all cores themselves.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
