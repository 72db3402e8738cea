/** status, diff, init and the warnings of validate, as people run them: on recorded machines, and with wrong input. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  validateDiff,
  validateHistory,
  validateStatus,
  validateValidate,
} from '../../src/generated/validators.js';
import { bundleProgram, ROOT, type RunOptions, ran } from '../helpers/program.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'review-'));
  program = await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const cli = (args: readonly string[], options?: RunOptions) => ran(program, args, options);
const STATE = ['--state', 'examples/states/guide.json'];
const OLD = 'test/fixtures/diff/old.yaml';
const NEW = 'test/fixtures/diff/new.yaml';
const golden = (name: string) => `../fixtures/views/${name}`;

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('status', () => {
  test('of a recorded machine without backups: none, exit 7, as text and as JSON', async () => {
    const args = ['status', '-f', 'examples/guide.yaml', ...STATE];
    const text = await cli(args);
    expect(text).toMatchObject({ code: 7, stderr: '' });
    expect(text.stdout).toMatch(/VolGroupSSD\/lvolroot +none/);
    const { code, stdout } = await cli([...args, '--format', 'json']);
    expect(code).toBe(7);
    const document = JSON.parse(stdout);
    expect(validateStatus(document), JSON.stringify(validateStatus.errors)).toBe(true);
    // As it stood when it was recorded, whatever the time is now.
    expect(document.createdAt).toBe('2026-11-24T01:57:03Z');
  });

  test('for Prometheus the file is whole, and its exporter can read it', async () => {
    const out = join(folder, 'lvmbackup.prom');
    const args = ['status', '-f', 'examples/guide.yaml', ...STATE, '--format', 'prometheus', '--out', out];
    expect(await cli(args)).toMatchObject({ code: 7, stdout: '' });
    expect(statSync(out).mode & 0o777).toBe(0o644);
    expect(readFileSync(out, 'utf8')).toMatch(/^lvmbackup_attention\{group="VolGroupBackupDisk"\} 1$/m);
    const json = join(folder, 'status.json');
    await cli(['status', '-f', 'examples/guide.yaml', ...STATE, '--format', 'json', '--out', json]);
    expect(statSync(json).mode & 0o777).toBe(0o600);
  });

  test('the history of a folder: empty, and with a run', async () => {
    const history = ['status', '--history', '--state-dir', join(folder, 'state')];
    expect(await cli(history)).toMatchObject({ code: 0, stdout: 'No run has been recorded.\n' });
    const run = {
      ...{ formatVersion: '1.0', start: '2026-11-23T09:15:00Z', end: '2026-11-23T09:16:00Z' },
      ...{ operation: 'backup', file: 'backup.yaml', group: 'B', only: [], result: 'failed', exitCode: 1 },
      ...{ reason: 'no room', bytesRead: 0, bytesWritten: 0, sources: [] },
    };
    mkdirSync(join(folder, 'state'));
    written('state/history.jsonl', `${JSON.stringify(run)}\ntorn`);
    const { stdout } = await cli(history);
    expect(stdout).toContain('backup to B');
    expect(stdout).toContain('no room');
    const document = JSON.parse((await cli([...history, '--format', 'json'])).stdout);
    expect(validateHistory(document)).toBe(true);
    expect(document).toMatchObject({ runs: [run], unreadable: 1 });
    expect((await cli([...history, '--format', 'prometheus'])).code).toBe(3);
  });

  test.each([
    [['-f', '/nowhere.yaml', ...STATE], 'there is no such file'],
    [['-f', 'examples/guide.yaml', '--state', 'examples/guide.yaml'], 'is not valid JSON'],
    [['-f', 'examples/guide.yaml', ...STATE, '--format', 'xml'], 'Allowed choices are'],
  ])('%j is wrong input', async (args, message) => {
    const { code, stderr } = await cli(['status', ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

describe('diff', () => {
  test('as text, with a machine', async () => {
    const { code, stdout, stderr } = await cli(['diff', OLD, NEW, ...STATE]);
    expect([code, stderr]).toEqual([0, '']);
    await expect(stdout).toMatchFileSnapshot(golden('diff.txt'));
  });

  test('as Markdown for a pull request', async () => {
    const { code, stdout } = await cli(['diff', OLD, NEW, ...STATE, '--format', 'markdown']);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(golden('diff.md'));
  });

  test('as JSON, with a machine and without', async () => {
    for (const machine of [STATE, []]) {
      const { stdout } = await cli(['diff', OLD, NEW, ...machine, '--format', 'json']);
      const document = JSON.parse(stdout);
      expect(validateDiff(document), JSON.stringify(validateDiff.errors)).toBe(true);
      expect(document.machine === null).toBe(machine.length === 0);
    }
  });

  test('the same file twice, one of them from standard input', async () => {
    const { code, stdout } = await cli(['diff', '-', OLD, ...STATE], {
      input: readFileSync(`${ROOT}${OLD}`, 'utf8'),
    });
    expect(code).toBe(0);
    expect(stdout).toContain('No setting is another');
    expect(stdout).toContain('the next apply has 0 actions that it had not, and lacks 0');
  });

  test('a file that is wrong is told with its place; two cannot both be standard input', async () => {
    const bad = written(
      'bad.yaml',
      'version: 1\ngroup: {name: B}\nvolumes: [{source: S/a, refreshAfter: 20}]\n',
    );
    const { code, stderr } = await cli(['diff', OLD, bad]);
    expect(code).toBe(3);
    expect(stderr).toContain(`${bad}:3:`);
    expect((await cli(['diff', '-', '-'])).code).toBe(3);
    expect((await cli(['diff', OLD])).code).toBe(3);
  });
});

describe('init', () => {
  test.each(['guide', 'one-disk', 'pattern', 'set'])(
    'from the machine of the example %s: a file that validates and plans',
    async (name) => {
      const state = ['--state', `examples/states/${name}.json`];
      const { code, stdout, stderr } = await cli(['init', ...state, '-f', '-']);
      expect([code, stderr]).toEqual([0, '']);
      await expect(stdout).toMatchFileSnapshot(golden(`init-${name}.yaml`));
      const valid = await cli(['validate', '-f', '-', '--format', 'json'], { input: stdout });
      expect(validateValidate(JSON.parse(valid.stdout))).toBe(true);
      expect(valid.code).toBe(0);
      const plan = await cli(['plan', '-f', '-', ...state], { input: stdout });
      expect(plan.code).toBe(0);
      expect(plan.stdout).toContain('> copy');
    },
  );

  test('writes the file once, and never over another', async () => {
    const path = join(folder, 'new.yaml');
    const args = ['init', ...STATE, '-f', path];
    const first = await cli(args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`lvmbackup plan -f ${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    const second = await cli(args);
    expect(second.code).toBe(4);
    expect(second.stderr).toContain('exists already. Nothing was written');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('its own output may be the file: the shell has made it already', () => {
    const path = join(folder, 'redirected.yaml');
    const args = [program, 'init', ...STATE, '-f', path];
    const fd = openSync(path, 'w');
    const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', fd, 'pipe'] });
    closeSync(fd);
    expect(status).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^volumes:$/m);
  });

  test('a name for the group: a new one on the blank device, or one that is there', async () => {
    const fresh = await cli(['init', ...STATE, '--group', 'disk', '-f', '-']);
    expect(fresh.stdout).toMatch(/^ {2}name: disk # does not exist yet$/m);
    const there = await cli(['init', '--state', 'examples/states/set.json', '--group', 'backups', '-f', '-']);
    expect(there.stdout).toMatch(/^ {2}name: backups # asked for; .* free$/m);
    const nowhere = await cli(['init', '--state', 'examples/states/set.json', '--group', 'Other', '-f', '-']);
    expect(nowhere.code).toBe(4);
    expect(nowhere.stderr).toContain('no group Other and no blank device');
    expect((await cli(['init', ...STATE, '--group', 'bad name', '-f', '-'])).code).toBe(3);
  });

  test('a machine without logical volumes has nothing to back up', async () => {
    const { code, stderr } = await cli(['init', '--state', 'examples/states/partition.json', '-f', '-']);
    expect(code).toBe(4);
    expect(stderr).toContain('nothing can be backed up here');
  });
});

describe('the warnings of validate', () => {
  const WARNED = `version: 1
group: {name: B, devices: [/dev/sdb1]}
defaults: {refreshAfter: 24h}
volumes: [{source: S/a}]
`;

  test('leave the file valid; plan does not repeat them', async () => {
    const path = written('warned.yaml', WARNED);
    const { code, stdout } = await cli(['validate', '-f', path, '--format', 'json']);
    const document = JSON.parse(stdout);
    expect([code, document.valid]).toEqual([0, true]);
    expect(document.diagnostics.map(({ code: one }: { code: string }) => one)).toEqual([
      'unstable-name',
      'skips-runs',
      'single-copy',
    ]);
    expect((await cli(['plan', '-f', path, ...STATE])).stderr).toBe('');
  });

  test('for GitHub: errors before warnings, in one line each, with the line of the file', async () => {
    const path = written('warned.yaml', WARNED);
    const { stdout } = await cli(['validate', '-f', path, '--format', 'github']);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    for (const line of stdout.trim().split('\n')) {
      expect(line).toMatch(/^::warning file=[^,]+,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=[^:]+::./);
    }
  });
});
