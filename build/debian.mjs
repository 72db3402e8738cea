/**
 * Makes dist/lvmbackup_VERSION_ARCH.deb around the single executable, for Debian's own node is too old.
 *
 *   node build/debian.mjs          compressed well
 *   node build/debian.mjs --fast   compressed at once, for tests
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { makeExecutable } from './executable.mjs';
import { EXTRAS, lvmbackup } from './extras.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tree = `${root}dist/debian`;

const { version, description } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64', arm: 'armhf', ppc64: 'ppc64el', s390x: 's390x' };
const CONFFILE = '/etc/lvmbackup/backup.yaml.example';

/** Gives the path of the package, which holds what was built last. */
export async function makeDebianPackage({ fast }) {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`Debian's name of ${process.arch} is not known`);
  const executable = await makeExecutable();
  rmSync(tree, { recursive: true, force: true });
  install('usr/sbin/lvmbackup', readFileSync(executable), 0o755);
  installPages();
  installUnits();
  installExamples();
  installControl(architecture);
  const deb = `${root}dist/lvmbackup_${version}_${architecture}.deb`;
  const compression = fast ? ['-Zgzip', '-z1'] : ['-Zxz'];
  run('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, deb]);
  return deb;
}

function installPages() {
  for (const [file, section] of [
    ['lvmbackup.8', 8],
    ['backup.yaml.5', 5],
  ]) {
    install(`usr/share/man/man${section}/${file}.gz`, compressed(readFileSync(join(EXTRAS, file))));
  }
  const completions = {
    bash: 'bash-completion/completions/lvmbackup',
    zsh: 'zsh/vendor-completions/_lvmbackup',
    fish: 'fish/vendor_completions.d/lvmbackup.fish',
  };
  for (const [shell, path] of Object.entries(completions)) {
    install(`usr/share/${path}`, readFileSync(join(EXTRAS, `completion.${shell}`)));
  }
}

/** Not active by themselves: the timer is enabled by the administrator, who has a backup.yaml then. */
function installUnits() {
  const folder = join(tree, 'usr/lib/systemd/system');
  mkdirSync(folder, { recursive: true });
  lvmbackup('systemd', '--program', '/usr/sbin/lvmbackup', '--out', folder);
  for (const unit of readdirSync(folder)) chmodSync(join(folder, unit), 0o644);
}

function installExamples() {
  install(CONFFILE.slice(1), readFileSync(`${root}examples/guide.yaml`));
  const doc = 'usr/share/doc/lvmbackup';
  install(`${doc}/README.md.gz`, compressed(readFileSync(`${root}README.md`)));
  install(`${doc}/copyright`, copyright());
  for (const [from, to] of [
    ['examples', `${doc}/examples`],
    ['schemas', `${doc}/schemas`],
  ]) {
    for (const file of readdirSync(`${root}${from}`)) {
      const path = `${root}${from}/${file}`;
      if (statSync(path).isFile()) install(`${to}/${file}`, readFileSync(path));
    }
  }
}

function copyright() {
  return [
    readFileSync(`${root}LICENSE`, 'utf8'),
    `Its executable holds Node.js ${process.version} and the libraries below. The license of Node.js and of what it is`,
    `made of: https://github.com/nodejs/node/blob/${process.version}/LICENSE`,
    '',
    readFileSync(join(EXTRAS, 'LICENSES'), 'utf8'),
  ].join('\n');
}

function installControl(architecture) {
  const control = [
    'Package: lvmbackup',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The makers of lvmbackup <lvmbackup@localhost>',
    `Installed-Size: ${Math.ceil(sizeOf(tree) / 1024)}`,
    // What node links, and the programs that are run; LVM comes with the mapper.
    'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, lvm2, util-linux, mount',
    'Recommends: thin-provisioning-tools',
    'Suggests: rsync, xfsprogs, bash-completion',
    'Section: admin',
    'Priority: optional',
    `Description: ${description}`,
    ' Backups are described in a YAML file; a plan shows the exact commands and the',
    ' room that they need, and apply does what was shown: lends a spare device to',
    ' the volume group, takes a snapshot, copies it, and puts everything back.',
  ];
  install('DEBIAN/control', `${control.join('\n')}\n`);
  install('DEBIAN/conffiles', `${CONFFILE}\n`);
  for (const script of readdirSync(`${root}build/debian`)) {
    install(`DEBIAN/${script}`, readFileSync(`${root}build/debian/${script}`), 0o755);
  }
}

function install(path, content, mode = 0o644) {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** As `gzip -9n` does it: without a time, so that the same page is the same file. */
function compressed(content) {
  return gzipSync(content, { level: 9 });
}

function sizeOf(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = all.filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (error) throw new Error(`${program} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${program} failed: the reason stands above`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await import('./bundle.mjs');
  console.log(await makeDebianPackage({ fast: process.argv.includes('--fast') }));
}
