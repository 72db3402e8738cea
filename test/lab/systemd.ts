/**
 * systemd in the lab, as the first process of namespaces of its own: the guest's first process is the lab's. Nothing
 * is started but what a test asks for.
 */
import type { Job } from './job.ts';
import { sh } from './tool.ts';
import type { Lab } from './vm.ts';

const START = `
mkdir -p /run/systemd/system /sys/fs/cgroup
printf '[Unit]\\nDefaultDependencies=no\\n' > /run/systemd/system/lab.target
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/lab && echo 0 > /sys/fs/cgroup/lab/cgroup.procs
exec unshare --pid --mount --cgroup --propagation slave --fork --kill-child --mount-proc sh -c '
  umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
  exec env -i container=lab PATH="$PATH" /lib/systemd/systemd --system --unit=lab.target --log-target=console'
`;

/** Ends with the machine. */
export async function startSystemd(lab: Lab): Promise<Job> {
  const job = lab.start(['sh', '-euc', START]);
  await sh(
    lab,
    'for i in $(seq 100); do systemctl list-units >/dev/null 2>&1 && exit; sleep 0.2; done; exit 1',
  );
  return job;
}

/** A service may be started without all that a whole system would start before it. */
export async function withoutDependencies(lab: Lab, unit: string): Promise<void> {
  await sh(lab, `mkdir -p /run/systemd/system/${unit}.d`);
  await lab.write(`/run/systemd/system/${unit}.d/lab.conf`, '[Unit]\nDefaultDependencies=no\n');
  await lab.ok('systemctl', 'daemon-reload');
}
