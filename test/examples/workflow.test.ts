/** The example workflow: its commands are run as it runs them, on the guide and its recorded machine. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bundleProgram, ROOT } from '../helpers/program.ts';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

const TEXT = readFileSync(`${ROOT}examples/github-workflow.yml`, 'utf8');
const STEPS: readonly Step[] = parse(TEXT).jobs.review.steps;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'workflow-'));
  mkdirSync(join(folder, 'bin'));
  await bundleProgram(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'bin/lvmbackup'),
    `#!/bin/sh\nexec ${process.execPath} ${folder}/bin/lvmbackup.cjs "$@"\n`,
  );
  // What git shows of the base: the file as it was.
  writeFileSync(join(folder, 'bin/git'), `#!/bin/sh\ncat ${ROOT}test/fixtures/diff/old.yaml\n`);
  for (const name of ['lvmbackup', 'git']) chmodSync(join(folder, 'bin', name), 0o755);
  copyFileSync(`${ROOT}examples/guide.yaml`, join(folder, 'backup.yaml'));
  copyFileSync(`${ROOT}examples/states/guide.json`, join(folder, 'state.json'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As GitHub runs a step: with bash, which stops at the first failure. */
function run(name: string) {
  const script = STEPS.find((step) => step.name === name)?.run ?? 'exit 99';
  const env = {
    PATH: `${folder}/bin:/usr/bin:/bin`,
    BASE: 'main',
    GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
  };
  return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
}

test('annotations, what changes, the plan, and all of it in the summary', () => {
  const checked = run('Check the file');
  expect([checked.status, checked.stderr]).toEqual([0, '']);
  expect(checked.stdout).toMatch(/^::warning file=backup\.yaml,line=/);
  for (const name of ['What it changes', 'What the next apply would do', 'Show it']) {
    expect([name, run(name).status]).toEqual([name, 0]);
  }
  const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
  expect(summary).toMatch(
    /### lvmbackup: what backup\.yaml changes[\s\S]*### lvmbackup plan for backup\.yaml/,
  );
});

test('a plan that cannot be applied fails its step', () => {
  writeFileSync(
    join(folder, 'backup.yaml'),
    'version: 1\ngroup: {name: Nowhere}\nvolumes: [{source: VolGroupSSD/lvolroot}]\n',
  );
  expect(run('What the next apply would do').status).toBe(4);
});

test('no text of a pull request is pasted into a command', () => {
  for (const { run: script = '' } of STEPS) expect(script).not.toContain('${{');
});
