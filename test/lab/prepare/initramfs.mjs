/**
 * The initramfs: busybox, the init script, and the modules it takes to reach the root file system over 9p. All other
 * modules are loaded from there. Small, because an emulated processor unpacks it.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const MODULES = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'];
const INIT = fileURLToPath(new URL('../guest/init.sh', import.meta.url));

/** @returns {string} the file's path */
export function buildInitramfs(cache, kernel) {
  const tree = `${cache}/initramfs`;
  const file = `${cache}/initramfs.cpio`;
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['bin', 'dev', 'proc', 'sys', 'lower', 'ram', 'root', 'modules']) {
    mkdirSync(`${tree}/${folder}`, { recursive: true });
  }
  copyFileSync('/bin/busybox', `${tree}/bin/busybox`);
  copyFileSync(INIT, `${tree}/init`);
  run(['chmod', '755', `${tree}/init`, `${tree}/bin/busybox`]);
  writeFileSync(`${tree}/modules/order`, `${copyModules(tree, kernel).join('\n')}\n`);
  const names = String(run(['find', '.', '-print0'], { cwd: tree }));
  const cpio = ['cpio', '--null', '--create', '--format=newc', '--quiet', '--owner=0:0'];
  writeFileSync(file, run(cpio, { cwd: tree, input: names }));
  return file;
}

/** In the order in which they must be loaded. */
function copyModules(tree, kernel) {
  const order = MODULES.flatMap((module) => loadOrder(kernel, module));
  return [...new Set(order)].map((path) => {
    const name = basename(path).replace(/\.(xz|zst)$/, '');
    writeFileSync(`${tree}/modules/${name}`, plainModule(path));
    return name;
  });
}

function loadOrder({ modules, version }, module) {
  const text = String(run(['/sbin/modprobe', '-d', modules, '-S', version, '--show-depends', module]));
  return [...text.matchAll(/^insmod (\S+)/gm)].map((match) => match[1]);
}

/** Later Debians compress their modules, and busybox takes only plain ones. */
function plainModule(path) {
  if (path.endsWith('.xz')) return run(['xz', '-dc', path]);
  if (path.endsWith('.zst')) return run(['zstd', '-dc', path]);
  return readFileSync(path);
}
