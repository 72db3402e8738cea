/**
 * Cuts a run at any of the commands that change something. Each of them is wrapped in the machine: the wrapper counts
 * them, and at the chosen one it kills lvmbackup before it, after it, or in the middle of it together with it; or kills
 * the command alone; or the machine loses its power in the middle of it; or lvmbackup is asked to end.
 */
import { expect } from 'vitest';
import type { Job } from './job.ts';
import { lvmbackup, PROGRAM, sh } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

export interface Cut {
  /** The nth command, from 1 on. */
  readonly at: number;
  readonly how: (typeof WAYS)[number];
}

export interface PlannedCut extends Cut {
  /** As the plan had it. A later run may name another copy at the same place. */
  readonly command: string;
}

export const WAYS = ['before', 'after', 'inside', 'child', 'power', 'SIGINT', 'SIGTERM'] as const;

/** What it is asked by, it answers: nothing of the run is left. */
export function isSignal({ how }: Cut): boolean {
  return how === 'SIGINT' || how === 'SIGTERM';
}

/** Every way at every command. */
export function everyCut(commands: readonly string[]): PlannedCut[] {
  return commands.flatMap((command, index) => WAYS.map((how) => ({ at: index + 1, how, command })));
}

/**
 * Every nth of them from the kth on, where the share is `k/n`. Of a share that is no multiple of the ways, each way and
 * each command has its turn; the n shares together are all.
 */
export function shareOf(cuts: readonly PlannedCut[], share: string): PlannedCut[] {
  const [, from, of] = /^(\d+)\/(\d+)$/.exec(share) ?? [];
  if (!(Number(of) > 0)) throw new Error(`a share of the cuts is k/n, not ${share}`);
  return cuts.filter((_, index) => index % Number(of) === Number(from) - 1);
}

const COMMANDS = [
  ...['vgcreate', 'vgextend', 'vgreduce', 'vgchange', 'vgck', 'lvcreate', 'lvextend', 'lvremove', 'lvchange'],
  ...['pvcreate', 'pvremove', 'blkdiscard'],
];

const WRAPPER = `#!/bin/sh
name=\${0##*/}
read -r n < /run/cut/count
n=$((n + 1))
echo $n > /run/cut/count
echo "$name $*" >> /run/cut/log
read -r at < /run/cut/at
if [ $n = $at ]; then
  read -r how < /run/cut/how
  case $how in
    before) kill -9 $PPID; exit 1 ;;
    after) /usr/sbin/$name "$@"; kill -9 $PPID; exit 1 ;;
    inside) /usr/sbin/$name "$@" & sleep 0.2; kill -9 $! $PPID; exit 1 ;;
    child) /usr/sbin/$name "$@" & sleep 0.2; kill -9 $!; wait $!; exit $? ;;
    SIGINT|SIGTERM) kill -\${how#SIG} $PPID; exec /usr/sbin/$name "$@" ;;
    power) /usr/sbin/$name "$@" & sleep 0.2; echo b > /proc/sysrq-trigger; sleep 100 ;;
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

/**
 * Runs it into the cut. Gives the machine that is there afterwards: after a power cut another one, with the same disks
 * and the same file, on which nothing was activated yet.
 */
export async function runInto(lab: Lab, cut: Cut, ...args: readonly string[]): Promise<Lab> {
  await aim(lab, cut);
  if (cut.how === 'power') return powerCutIn(lab, args);
  const { signal, exitCode, stderr } = await lvmbackup(lab, ...args);
  const ran = (await lab.read('/run/cut/log')).split('\n');
  await aim(lab, null);
  const where = `${cut.how} command ${cut.at}`;
  // What lvmbackup makes of a command that was killed is its own: it may have come to its end, or told what failed.
  if (cut.how === 'child') expect(signal, where).toBeNull();
  else if (isSignal(cut)) expect(exitCode, where + stderr).toBe(cut.how === 'SIGINT' ? 130 : 143);
  else expect(signal, where).toBe('SIGKILL');
  expect(ran.length, where).toBeGreaterThan(cut.at);
  return lab;
}

async function powerCutIn(lab: Lab, args: readonly string[]): Promise<Lab> {
  const file = await lab.read('/root/backup.yaml');
  await expect(lvmbackup(lab, ...args)).rejects.toThrow('the machine is gone');
  const next = await bootLab({ disks: await lab.powerCut() });
  await next.write('/root/backup.yaml', file);
  await wrapCommands(next);
  return next;
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
