/** Debian's own kernel, unpacked into the cache and not installed: only the lab boots it. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { asRoot, run } from './run.mjs';

/**
 * The kernel of the package that `linux-image-amd64` depends on. Not the `cloud` one, which lacks 9p.
 * @returns {{ version: string, image: string, modules: string }} `modules` is a root for `modprobe -d`.
 */
export function fetchKernel(cache) {
  const name = kernelPackage();
  const version = name.replace('linux-image-', '');
  const tree = `${cache}/${name}`;
  if (!existsSync(tree)) unpack(name, cache, tree);
  return { version, image: `${tree}/boot/vmlinuz-${version}`, modules: tree };
}

function kernelPackage() {
  const name = dependency();
  if (name !== undefined) return name;
  run(asRoot(['apt-get', 'update', '-q']), { stdio: ['ignore', 2, 2] });
  const afterUpdate = dependency();
  if (afterUpdate === undefined)
    throw new Error('apt-cache knows no kernel that linux-image-amd64 depends on');
  return afterUpdate;
}

function dependency() {
  const text = String(run(['apt-cache', 'depends', '--important', 'linux-image-amd64']));
  return /Depends: (linux-image-\S+)/.exec(text)?.[1];
}

/** Into a folder of another name first: a download that breaks off leaves nothing that looks whole. */
function unpack(name, cache, tree) {
  console.error(`Fetching ${name} …`);
  const work = `${cache}/unpacking`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(`${work}/tree`, { recursive: true });
  download(name, work);
  const deb = readdirSync(work).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get download ${name} brought no package`);
  run(['dpkg', '-x', `${work}/${deb}`, `${work}/tree`]);
  run(['/sbin/depmod', '-b', `${work}/tree`, name.replace('linux-image-', '')]);
  renameSync(`${work}/tree`, tree);
  rmSync(work, { recursive: true });
}

/** The package lists may be older than the archive, which keeps only the newest kernel: then once more. */
function download(name, folder) {
  const argv = ['apt-get', 'download', '-q', name];
  const options = { cwd: folder, stdio: ['ignore', 2, 2] };
  try {
    run(argv, options);
  } catch {
    run(asRoot(['apt-get', 'update', '-q']), { stdio: ['ignore', 2, 2] });
    run(argv, options);
  }
}
