import { describe, expect, test } from 'vitest';
import { loadedFiles, loadedFromOutside, RULES, roomOf, trespasses } from './helpers/rooms.ts';
import { allSources, readSource } from './helpers/source.ts';

const sources = allSources();

/** What a pure room must not take from its surroundings: input, output, chance and time. */
const IMPURE = [
  ...['process', 'console', 'globalThis', 'global', 'performance', 'crypto', 'fetch'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'require', 'Buffer'],
];

/** Names of LVM's commands, and of the mapper's. */
const LVM_COMMAND = /^((lv|vg|pv)[a-z]+|lvm|dmsetup|lvmdevices)$/;
const NOT_COMMANDS = new Set(['lvmbackup']);
/** lsblk's word for the type of a device. */
const DEVICE_TYPES = new Set(['lvm']);

describe('imports run one way', () => {
  test('every file stands in a room that has a rule', () => {
    expect(sources.map(({ path }) => roomOf(path)).filter((room) => !RULES[room])).toEqual([]);
    expect(sources.length).toBeGreaterThan(50);
  });

  test.each(Object.keys(RULES))('%s looks only into rooms that it may look into', (room) => {
    const files = sources.filter(({ path }) => roomOf(path) === room);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(trespasses)).toEqual([]);
  });

  test('a file that looks the wrong way is found, whatever the form of its import', () => {
    const text = `
      import { readFileSync } from 'node:fs';
      import { runPlan } from '../apply/run-plan.ts';
      import type { Outcome } from '../apply/events.ts';
      export { style } from '../views/style.ts';
      import { type Bytes } from '../units.ts';
      const later = import('execa');
      const hidden = import(['ex', 'eca'].join(''));
      type Shape = import('../commands/io.ts').Io;
    `;
    expect(trespasses(readSource('src/plan/x.ts', text))).toEqual([
      'src/plan/x.ts imports node:fs',
      'src/plan/x.ts imports src/apply/run-plan.ts',
      'src/plan/x.ts imports a type of src/apply/events.ts',
      'src/plan/x.ts imports src/views/style.ts',
      'src/plan/x.ts imports execa',
      'src/plan/x.ts imports computed',
      'src/plan/x.ts imports a type of src/commands/io.ts',
    ]);
  });

  test('a type of a room may be known where its code may not be loaded', () => {
    const text = `import type { Spec } from '../spec/spec.ts'; import { parseSpec } from '../spec/parse.ts';`;
    expect(trespasses(readSource('src/plan/x.ts', text))).toEqual([
      'src/plan/x.ts imports src/spec/parse.ts',
    ]);
  });
});

describe('the planner is pure', () => {
  test('it loads nothing from outside the program, not even through the files that it loads', () => {
    expect(loadedFromOutside(sources, 'plan')).toEqual([]);
  });

  test('a package behind a file that it loads is found', () => {
    const planner = readSource('src/plan/x.ts', `import { a } from '../lvm/a.ts';`);
    const behind = readSource('src/lvm/a.ts', `import { b } from './b.ts'; import type { C } from 'ajv';`);
    const outside = readSource('src/lvm/b.ts', `import { execa } from 'execa';`);
    expect(loadedFromOutside([planner, behind, outside], 'plan')).toEqual([
      'src/plan/x.ts → src/lvm/a.ts → src/lvm/b.ts → execa',
    ]);
  });

  test('neither it nor what it loads reads the clock, chance, or the process', () => {
    const files = loadedFiles(sources, 'plan');
    const impure = files.flatMap(({ path, names }) =>
      IMPURE.filter((name) => names.has(name)).map((name) => `${path}: ${name}`),
    );
    expect(impure).toEqual([]);
    expect(files.filter(({ usesClockOrChance }) => usesClockOrChance).map(({ path }) => path)).toEqual([]);
  });

  test.each(['new Date()', 'Date.now()', 'Date()', '[1].map(Date.now)', 'Math.random()'])(
    '%s is found to be no function of its arguments',
    (text) => {
      expect(readSource('src/plan/x.ts', `export const a = ${text};`).usesClockOrChance).toBe(true);
    },
  );

  test.each(['new Date(text)', 'Date.parse(text)', 'Date.UTC(2026, 1)', 'plan.Date', 'Math.max(1, 2)'])(
    '%s is none of that',
    (text) => {
      expect(readSource('src/plan/x.ts', `export const a = ${text};`).usesClockOrChance).toBe(false);
    },
  );

  test('a name is told from a property of that name', () => {
    const { names } = readSource('src/plan/x.ts', 'const a = b.process; const c = { crypto: d }; fetch(e);');
    expect(IMPURE.filter((name) => names.has(name))).toEqual(['fetch']);
  });
});

describe('LVM is spelled in one room', () => {
  test('no other room names one of its commands', () => {
    const spelled = sources
      .filter(({ path }) => roomOf(path) !== 'lvm')
      .flatMap(({ path, literals }) => literals.filter(isLvmCommand).map((literal) => `${path}: ${literal}`));
    expect(spelled).toEqual([]);
  });

  test('the commands are where they belong, so that the search for them finds some', () => {
    const commands = sources.find(({ path }) => path === 'src/lvm/commands.ts');
    expect(commands?.literals.filter(isLvmCommand)).toContain('lvcreate');
  });

  function isLvmCommand(literal: string): boolean {
    return LVM_COMMAND.test(literal) && !NOT_COMMANDS.has(literal) && !DEVICE_TYPES.has(literal);
  }
});

describe('processes are started in few places', () => {
  test('one file of the program starts other programs, besides those that guard a lock and a freeze, that run what a file says or take files over, and tidy the page cache', () => {
    const starters = sources
      .filter(({ imports }) => imports.some(({ target }) => ['execa', 'node:child_process'].includes(target)))
      .map(({ path }) => path);
    expect(starters).toEqual([
      'src/apply/hook-process.ts',
      'src/apply/lock.ts',
      'src/apply/quiesce.ts',
      'src/apply/thaw-guard.ts',
      'src/copy/page-cache.ts',
      'src/files/rsync.ts',
      'src/files/step.ts',
      'src/lvm/spawn.ts',
    ]);
  });

  test('none of them through a shell', () => {
    const shells = sources.filter(
      ({ names, keys }) =>
        keys.has('shell') || ['exec', 'execSync', 'execaCommand'].some((name) => names.has(name)),
    );
    expect(shells.map(({ path }) => path)).toEqual([]);
  });
});
