/** Debian's own kernel, unpacked into the cache and not installed: only the lab boots it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  return { version, image: bareKernel(tree, version), modules: tree };
}

/**
 * The kernel without the wrapping that decompresses it: the emulator spent a third of each boot in there. Qemu starts
 * it at its PVH entry. A kernel that is not in xz is taken as it is, which works as well.
 */
function bareKernel(tree, version) {
  const wrapped = `${tree}/boot/vmlinuz-${version}`;
  const bare = `${tree}/boot/vmlinux-${version}`;
  if (existsSync(bare)) return bare;
  const payload = kernelPayload(readFileSync(wrapped));
  if (!payload.subarray(0, XZ.length).equals(XZ)) return wrapped;
  writeFileSync(`${bare}.part`, run(['xz', '-dc'], { input: payload }));
  renameSync(`${bare}.part`, bare);
  return bare;
}

const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/**
 * The compressed kernel within a bzImage, by the fields of its setup header (the kernel's documentation, x86/boot): at
 * 0x1f1 the sectors of the setup code after the first, at 0x248 where the payload begins after them, at 0x24c its
 * length, of which the last four bytes are the unpacked size.
 */
function kernelPayload(image) {
  const setup = (1 + (image[0x1f1] || 4)) * 512;
  const start = setup + image.readUInt32LE(0x248);
  return image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
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
