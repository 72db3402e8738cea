/** A small program of TypeScript, bundled to one file that node can start: for tests that need another process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

/** `text` imports the project's modules as `src/…`. */
export async function bundled(folder: string, text: string): Promise<string> {
  const outfile = join(folder, 'program.cjs');
  await build({
    stdin: { contents: text.replaceAll("'src/", `'${SOURCES}`), resolveDir: SOURCES, loader: 'ts' },
    ...{ outfile, bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' },
  });
  return outfile;
}

/** Starts it and waits for its first line. */
export async function started(program: string, args: readonly string[] = []) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  return { child, ended, firstLine: String(value) };
}
