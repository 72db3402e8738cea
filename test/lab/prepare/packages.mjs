/** The Debian packages that tests stand on: some for the host, most because the lab's guest uses the host's files. */
import { spawnSync } from 'node:child_process';
import { asRoot, run } from './run.mjs';

const PACKAGES = [
  ...['qemu-system-x86', 'busybox-static', 'cpio', 'kmod', 'xz-utils', 'zstd'],
  ...['lvm2', 'dmsetup', 'dmeventd', 'thin-provisioning-tools', 'udev'],
  ...['util-linux', 'bsdutils', 'mount', 'fdisk', 'rsync', 'attr', 'acl'],
  ...['e2fsprogs', 'xfsprogs', 'dosfstools'],
  // Who reads what is made for them: shells, man, systemd, dpkg.
  ...['bash', 'zsh', 'fish', 'groff-base', 'systemd', 'dpkg'],
];

export function installDebianPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  console.error(`Installing Debian packages for the lab: ${missing.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 2, 2] };
  run(asRoot(['apt-get', 'update', '-q']), options);
  const install = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-q'];
  run(asRoot([...install, '--no-install-recommends', ...missing]), options);
}

function missingPackages() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...PACKAGES]);
  if (query.error) {
    throw new Error(`it needs Debian 12 or later, or a system like it (dpkg-query: ${query.error.message})`);
  }
  const lines = new Set(String(query.stdout).split('\n'));
  return PACKAGES.filter((name) => !lines.has(`${name} installed`));
}
