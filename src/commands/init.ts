/** `lvmbackup init`: a first backup.yaml from the machine, that validates and plans. Never writes over a file. */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { groupNameFault } from '../lvm/names.ts';
import { readState } from '../lvm/read-state.ts';
import { runCommand } from '../lvm/spawn.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import { clockText } from '../plan/plan.ts';
import type { GroupChoice } from '../plan/propose.ts';
import { devicesToLend, findPartitions, findSources, groupChoices } from '../plan/propose.ts';
import { bytesText } from '../units-text.ts';
import type { Proposal } from '../views/init-yaml.ts';
import { choose } from './choose.ts';
import { untilItPlans } from './init-check.ts';
import type { Io } from './io.ts';
import { recordedState, type StateRead } from './make-plan.ts';

export interface InitOptions {
  readonly file: string;
  readonly group?: string;
  readonly state?: string;
}

export async function init(options: InitOptions, io: Io): Promise<ExitCode> {
  const toOutput = options.file === '-' || isStandardOutput(options.file);
  if (!toOutput) refuseExisting(options.file);
  const fault = options.group === undefined ? null : groupNameFault(options.group);
  if (fault !== null) throw new UserError(ExitCode.badInput, `--group ${options.group}: ${fault}`);
  const { state, now } = await machineOf(options);
  const { text, sources } = untilItPlans(await proposal(state, now, options.group ?? null, io), state, now);
  if (toOutput) {
    io.out(text);
    return ExitCode.done;
  }
  writeNew(options.file, text);
  const count = `${sources.length} source${sources.length === 1 ? '' : 's'}`;
  const named = options.file === 'backup.yaml' ? '' : ` -f ${options.file}`;
  io.out(`${options.file} is written, for ${count}. Read it, then: lvmbackup plan${named}\n`);
  return ExitCode.done;
}

async function machineOf({ state: path }: InitOptions): Promise<{ state: StateRead; now: Date }> {
  if (path !== undefined) {
    const state = recordedState(path);
    return { state, now: state.createdAt ?? new Date() };
  }
  const now = new Date();
  const read = await readState({ run: runCommand, now, devices: 'all' });
  return { state: { isLive: true, inventory: inventoryOf(read), host: read.host }, now };
}

export async function proposal(
  { inventory }: StateRead,
  now: Date,
  asked: string | null,
  io: Io,
): Promise<Proposal> {
  const choices = groupChoices(inventory, asked);
  if (choices.length === 0) throw nowhere(asked);
  const group = await choose('Where are the backups to go?', choices, groupText, io);
  const { sources, leftOut } = findSources(inventory, group.name);
  const taken = group.kind === 'new' ? [group.device.path] : [];
  const lendable = devicesToLend(inventory, sources, taken);
  const lend =
    lendable.length === 0
      ? null
      : await choose(
          'Which device may be lent, so that snapshots have room?',
          lendable,
          ({ named, size }) => `${named}, ${bytesText(size)}`,
          io,
        );
  const names = sources.map(({ name }) => name);
  const isShared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return {
    date: clockText(now).slice(0, 10),
    ...{ group, lend, leftOut, partitions: findPartitions(inventory) },
    sources: sources.map((source) => ({
      ...source,
      small: false,
      backup: isShared(source.name) ? `${source.group}-${source.name}-backup` : null,
    })),
  };
}

function groupText(choice: GroupChoice): string {
  return choice.kind === 'existing'
    ? `the group ${choice.name}: ${choice.why}, ${bytesText(choice.free)} free`
    : `a new group ${choice.name} on ${choice.device.named}, ${bytesText(choice.device.size)}`;
}

function nowhere(asked: string | null): UserError {
  const what =
    asked === null
      ? 'no group with room and no blank device'
      : `no group ${asked} and no blank device to make it on`;
  return new UserError(
    ExitCode.refused,
    `there is nowhere for backups to go: this machine has ${what}. Nothing was written`,
    'plug in a disk; if nothing on it is wanted, make it blank yourself: wipefs -a DEVICE; blkdiscard -z DEVICE',
  );
}

/** `lvmbackup init > backup.yaml`: the shell has made the file already, for us. */
function isStandardOutput(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there?.isFile()) return false;
  const out = fstatSync(1);
  return out.dev === there.dev && out.ino === there.ino;
}

function refuseExisting(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) throw exists(path);
}

function exists(path: string): UserError {
  return new UserError(
    ExitCode.refused,
    `${path} exists already. Nothing was written`,
    'write to another file (-f FILE), or show it only: lvmbackup init -f -',
  );
}

/** What came there since is not written over either. */
function writeNew(path: string, text: string): void {
  try {
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, text);
    closeSync(fd);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw exists(path);
    throw new UserError(
      ExitCode.failed,
      `${path} could not be written: ${(cause as Error).message}`,
      undefined,
      {
        cause,
      },
    );
  }
}
