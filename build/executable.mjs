/**
 * Makes dist/executable/lvmbackup: node and the bundle in one file, for machines without node, or with an old one.
 * Node's own feature: the bundle becomes a blob with its code cache, and the blob a section of a copy of node.
 *
 * The copy must never go through `strip` afterwards: that takes the section away.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}dist/executable`;
const EXECUTABLE = `${folder}/lvmbackup`;

/** The mark in node's own binary that says whether it carries a program; node defines it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Gives the path of the executable, which holds what was built last. */
export async function makeExecutable() {
  refuseShared();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const blob = makeBlob();
  copyFileSync(process.execPath, EXECUTABLE);
  chmodSync(EXECUTABLE, 0o755);
  const { inject } = await import('postject');
  await inject(EXECUTABLE, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
  return EXECUTABLE;
}

/** A node that finds its code in a library of the distribution would take it along to nowhere. */
function refuseShared() {
  if (process.config.variables.node_shared !== true) return;
  throw new Error(`${process.execPath} needs libnode: build with a node from nodejs.org, which stands alone`);
}

function makeBlob() {
  // The first line, `#!`, is for a shell that starts a script.
  writeFileSync(
    `${folder}/main.cjs`,
    readFileSync(`${root}dist/lvmbackup.cjs`, 'utf8').replace(/^#!.*\n/, '\n'),
  );
  const config = {
    main: `${folder}/main.cjs`,
    output: `${folder}/program.blob`,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
  };
  writeFileSync(`${folder}/sea.json`, JSON.stringify(config));
  const { status } = spawnSync(process.execPath, ['--experimental-sea-config', `${folder}/sea.json`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('node could not make the blob of the program: the reason stands above');
  return readFileSync(config.output);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await import('./bundle.mjs');
  console.log(await makeExecutable());
}
