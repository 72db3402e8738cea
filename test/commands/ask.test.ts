/** Questions at a terminal: an answer, a wrong one, and none at all. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleProgram, ROOT } from '../helpers/program.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ask-'));
  program = await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Under a terminal; each key is pressed when what it answers is on the screen. */
async function atTerminal(args: string, keys: readonly (readonly [shown: RegExp, key: string])[]) {
  const line = `${process.execPath} ${program} ${args}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    cwd: ROOT,
  });
  const left = [...keys];
  let [screen, seen] = ['', 0];
  child.stdout.on('data', (data) => {
    screen += data;
    const [next] = left;
    const at = next ? screen.slice(seen).search(next[0]) : -1;
    if (!next || at < 0) return;
    seen = screen.length;
    left.shift();
    child.stdin.write(next[1]);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(screen).not.toContain('defect');
  return { code, screen };
}

const INIT = 'init --state examples/states/guide.json --group disk -f -';
const ASKED = /Number \(1\): /;

describe('a choice', () => {
  test('the number, after one that there is not; nothing but Enter is the first', async () => {
    const second = await atTerminal(INIT, [
      [ASKED, '7\r'],
      [ASKED, '2\r'],
    ]);
    expect(second.code).toBe(0);
    expect(second.screen).toContain('There is no "7"');
    expect(second.screen).toMatch(/devices: \[\/dev\/disk\/by-id\/virtio-USB-DISK-part1\]/);
    const first = await atTerminal(INIT, [[ASKED, '\r']]);
    expect(first.screen).toMatch(/devices: \[\/dev\/disk\/by-id\/virtio-USB-DISK-part2\]/);
  });

  test('Ctrl-C is an interrupt, Ctrl-D a refusal', async () => {
    expect(await atTerminal(INIT, [[ASKED, '\u0003']])).toMatchObject({ code: 130 });
    const ended = await atTerminal(INIT, [[ASKED, '\u0004']]);
    expect(ended.code).toBe(4);
    expect(ended.screen).toContain('not answered. Nothing was written');
  });
});

describe('a confirmation', () => {
  const COPY_ASKED = /is taken as yes: /;
  const copy = () => {
    const [source, target] = ['source', 'target'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(source, 'x'.repeat(4096));
    writeFileSync(target, 'y'.repeat(4096));
    return `copy ${source} ${target}`;
  };

  test.each([
    ['y\r', 4, 'not confirmed'],
    ['\u0003', 130, 'interrupted. Nothing was changed'],
    ['\u0004', 4, 'not answered. Nothing was changed'],
    ['yes\r', 0, 'copied'],
  ])('%j', async (key, code, text) => {
    const ended = await atTerminal(copy(), [[COPY_ASKED, key]]);
    expect(ended.screen).toContain(text);
    expect(ended.code).toBe(code);
  });
});
