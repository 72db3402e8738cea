/** The program as people run it: bundled as it is shipped, started as a process. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect } from 'vitest';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export async function bundleProgram(folder: string): Promise<string> {
  const outfile = join(folder, 'lvmbackup.cjs');
  await build({
    ...{ entryPoints: [`${ROOT}src/cli.ts`], outfile, bundle: true, platform: 'node', target: 'node20' },
    ...{ format: 'cjs', logLevel: 'error', banner: { js: '#!/usr/bin/env node' } },
    define: { LVMBACKUP_VERSION: '"0.0.0-test"', 'import.meta.url': 'undefined' },
  });
  return outfile;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs it to its end. Whatever it was asked, it must not show a stack. */
export async function ran(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env.PATH ?? '', ...options.env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(stderr).not.toMatch(/^\s+at /m);
  return { code, stdout, stderr };
}
