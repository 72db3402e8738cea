/** Whose files root does what they say of; and that nothing in the program goes through a shell. */
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { readInput } from '../../src/commands/read-input.ts';
import { readSavedPlan } from '../../src/commands/saved-plan.ts';
import { ExitCode } from '../../src/errors.ts';
import { ROOT } from '../helpers/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'trust-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

function aFile(mode: number, owner: number): string {
  const path = join(folder, 'file');
  rmSync(path, { force: true });
  writeFileSync(path, '{}');
  chownSync(path, owner, owner);
  chmodSync(path, mode);
  return path;
}

const read = (path: string, use: 'order' | 'look') => readInput(path, path, 100, use);
const REFUSED = expect.objectContaining({ exitCode: ExitCode.refused });

describe.runIf(process.getuid?.() === 0)('as root', () => {
  test.each([0o666, 0o664, 0o662])('a file of mode %o is not obeyed, but may be looked at', (mode) => {
    const path = aFile(mode, 0);
    expect(() => read(path, 'order')).toThrow(REFUSED);
    expect(read(path, 'look')).toHaveLength(2);
  });

  test("another user's file is not obeyed, but that of who called sudo", () => {
    const path = aFile(0o600, 1000);
    expect(() => read(path, 'order')).toThrow(REFUSED);
    vi.stubEnv('SUDO_UID', '1000');
    expect(read(path, 'order')).toHaveLength(2);
    vi.stubEnv('SUDO_UID', '1001');
    expect(() => read(path, 'order')).toThrow(REFUSED);
  });

  test("root's own is obeyed", () => {
    expect(read(aFile(0o644, 0), 'order')).toHaveLength(2);
  });

  test('a saved plan is an order', () => {
    expect(() => readSavedPlan(aFile(0o666, 0))).toThrow(REFUSED);
  });
});

test('no source starts a shell', () => {
  const sources = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('generated/'))
    .map((path) => `${ROOT}src/${path}`);
  expect(sources.length).toBeGreaterThan(100);
  const shells = sources.filter((path) =>
    /\bshell:\s*(true|['"`])|\bexecSync\b|[{,]\s*exec\s*[,}]|execaCommand|spawn\w*\(\s*['"](\/bin\/)?(ba)?sh\b/.test(
      readFileSync(path, 'utf8'),
    ),
  );
  expect(shells).toEqual([]);
});
