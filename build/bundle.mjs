/** Bundles the program to one file that starts fast: libraries are evaluated when a command needs them. */
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { makeExtras } from './extras.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await import('./generate.mjs');
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const common = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

const { metafile } = await build({
  ...common,
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/lvmbackup.cjs',
  format: 'cjs',
  minifySyntax: true,
  metafile: true,
  banner: { js: '#!/usr/bin/env node' },
  define: { LVMBACKUP_VERSION: JSON.stringify(version), 'import.meta.url': 'undefined' },
});
chmodSync(`${root}dist/lvmbackup.cjs`, 0o755);
makeExtras(Object.keys(metafile.inputs));

// What package.json runs besides: they are for this project's folder only, so their libraries stay outside.
await build({
  ...common,
  entryPoints: [
    'test/lab/demo.ts',
    'test/lab/lists.ts',
    'test/lab/record.ts',
    'test/lab/record-examples.ts',
    'test/bench/bench.ts',
    'test/bench/copy-bench.ts',
  ],
  outdir: 'dist/tools',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  packages: 'external',
  entryNames: '[name]',
});
