/**
 * Compiles every schema in schemas/ to a validator, and the thread of the copy to a text, so that the program carries
 * no schema compiler and reads no file beside itself. Written to src/generated/, which git ignores.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}src/generated/`;

const schemas = readdirSync(`${root}schemas`)
  .filter((file) => file.endsWith('.schema.json'))
  .map((file) => [
    file.replace('.schema.json', ''),
    JSON.parse(readFileSync(`${root}schemas/${file}`, 'utf8')),
  ]);

const exportName = (name) => `validate${name.replace(/(^|-)(.)/g, (_, __, letter) => letter.toUpperCase())}`;

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, code: { source: true, esm: true } });
for (const [name, schema] of schemas) ajv.addSchema(schema, name);
const names = Object.fromEntries(schemas.map(([name]) => [exportName(name), name]));

mkdirSync(target, { recursive: true });
// The compiler leaves some of its helpers outside, as require() in a module that has none: they are taken in.
await build({
  stdin: { contents: standalone.default(ajv, names), resolveDir: root },
  outfile: `${target}validators.js`,
  bundle: true,
  minifyWhitespace: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
writeFileSync(
  `${target}validators.d.ts`,
  [
    "import type { ErrorObject } from 'ajv';",
    'export interface Validate {',
    '  (data: unknown): boolean;',
    '  errors?: ErrorObject[] | null;',
    '}',
    ...schemas.map(([name]) => `export const ${exportName(name)}: Validate;`),
    '',
  ].join('\n'),
);
writeFileSync(
  `${target}schemas.js`,
  `export const schemas = ${JSON.stringify(Object.fromEntries(schemas))};\n`,
);
writeFileSync(`${target}schemas.d.ts`, 'export const schemas: Readonly<Record<string, unknown>>;\n');

// The file that the man page begins with: one that the examples' own test reads.
writeFileSync(
  `${target}example-file.js`,
  `export const EXAMPLE_FILE = ${JSON.stringify(readFileSync(`${root}examples/guide.yaml`, 'utf8'))};\n`,
);
writeFileSync(`${target}example-file.d.ts`, 'export const EXAMPLE_FILE: string;\n');

// The threads of the copy run a program of their own: as text, so that nothing is read beside the code.
const worker = await build({
  absWorkingDir: root,
  entryPoints: ['src/copy/worker.ts'],
  write: false,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
writeFileSync(
  `${target}copy-worker.js`,
  `export const COPY_WORKER = ${JSON.stringify(worker.outputFiles[0].text)};\n`,
);
writeFileSync(`${target}copy-worker.d.ts`, 'export const COPY_WORKER: string;\n');
