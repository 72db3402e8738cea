/**
 * Cuts a run at any of the commands that change something. Each of them is wrapped in the machine: the wrapper counts
 * them, and at the chosen one it kills lvmbackup before it, after it, or in the middle of it together with it.
 */
import { expect } from 'vitest';
import type { Job } from './job.ts';
import { lvmbackup, PROGRAM, sh } from './tool.ts';
import type { Lab } from './vm.ts';

export interface Cut {
  /** The nth command, from 1 on. */
  readonly at: number;
  readonly how: 'before' | 'after' | 'inside';
}

const COMMANDS = [
  ...['vgcreate', 'vgextend', 'vgreduce', 'vgchange', 'vgck', 'lvcreate', 'lvextend', 'lvremove', 'lvchange'],
  ...['pvcreate', 'pvremove', 'blkdiscard'],
];

const WRAPPER = `#!/bin/sh
name=\${0##*/}
n=$(($(cat /run/cut/count) + 1))
echo $n > /run/cut/count
echo "$name $*" >> /run/cut/log
if [ $n = "$(cat /run/cut/at)" ]; then
  case $(cat /run/cut/how) in
    before) kill -9 $PPID; exit 1 ;;
    after) /usr/sbin/$name "$@"; kill -9 $PPID; exit 1 ;;
    inside) /usr/sbin/$name "$@" & sleep 0.2; kill -9 $! $PPID; exit 1 ;;
  esac
fi
exec /usr/sbin/$name "$@"
`;

export async function wrapCommands(lab: Lab): Promise<void> {
  await sh(lab, 'mkdir -p /run/cut');
  await lab.write('/run/cut/wrapper', WRAPPER);
  const links = COMMANDS.map((name) => `ln -sf /run/cut/wrapper /usr/local/sbin/${name}`).join('\n');
  await sh(lab, `chmod 755 /run/cut/wrapper\n${links}`);
  await aim(lab, null);
}

async function aim(lab: Lab, cut: Cut | null): Promise<void> {
  await sh(
    lab,
    `echo 0 > /run/cut/count; : > /run/cut/log; echo ${cut?.at ?? 0} > /run/cut/at; echo ${cut?.how ?? 'no'} > /run/cut/how`,
  );
}

/** The commands that the plan says, of those that are wrapped: what a run that nobody cuts will do, in its order. */
export async function plannedCommands(lab: Lab): Promise<string[]> {
  const planned = await lvmbackup(lab, 'plan', '--format', 'json');
  expect(planned.exitCode, planned.stdout + planned.stderr).toBe(0);
  const { actions } = JSON.parse(planned.stdout) as { actions: { commands: string[][] }[] };
  return actions
    .flatMap(({ commands }) => commands)
    .filter(([name]) => COMMANDS.includes(name ?? ''))
    .map((argv) => argv.join(' '));
}

/** The commands of a run that nobody cuts. */
export async function commandsOf(lab: Lab, ...args: readonly string[]): Promise<string[]> {
  await aim(lab, null);
  const done = await lvmbackup(lab, ...args);
  expect(done.exitCode, done.stdout + done.stderr).toBe(0);
  return (await lab.read('/run/cut/log')).trim().split('\n');
}

/** Runs it into the cut. */
export async function runInto(lab: Lab, cut: Cut, ...args: readonly string[]): Promise<void> {
  await aim(lab, cut);
  const { signal } = await lvmbackup(lab, ...args);
  await aim(lab, null);
  expect(signal, `${cut.how} command ${cut.at}`).toBe('SIGKILL');
}

/** Kills it while it copies. */
export async function killInCopy(lab: Lab): Promise<void> {
  const job: Job = lab.start([process.execPath, PROGRAM, 'apply', '-y', '--format', 'json'], {
    cwd: '/root',
  });
  await job.until(/"action\.progress"/);
  job.kill('SIGKILL');
  await job.wait();
}
