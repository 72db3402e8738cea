/** `lvmbackup recover`: what dead runs left, put right from the tags alone; needs no file. */
import type { Lock } from '../apply/lock.ts';
import { endLeftovers } from '../apply/mount-point.ts';
import { ExitCode } from '../errors.ts';
import { readState } from '../lvm/read-state.ts';
import { runCommand } from '../lvm/spawn.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import { unfinishedRestores } from '../plan/mounted-points.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import { planRecovery } from '../plan/plan-backup.ts';
import { type ApplyJson, applyJson } from '../views/apply-json.ts';
import { planText } from '../views/plan-text.ts';
import { perform } from './apply.ts';
import type { Io } from './io.ts';
import { patiently } from './patiently.ts';
import { readMachine } from './read-machine.ts';
import { STATE_FOLDER } from './state-folder.ts';
import { withLock } from './with-lock.ts';

export async function recover(
  options: { readonly format: 'text' | 'json' },
  io: Io,
  version: string,
): Promise<ExitCode> {
  // Whoever holds the lock is alive, and so is what it has open.
  return withLock(io, async (lock) => {
    const plan = await planNow(io);
    const json = options.format === 'json' ? applyJson(io.out, () => new Date()) : null;
    if (json) json.begin(plan, version);
    else io.out(`${planText(plan, { style: io.outStyle, verbose: false })}\n`);
    const exitCode = await runRecovery(plan, lock, io, json);
    await endMounts(json ? io.err : io.out, io);
    return exitCode;
  });
}

async function runRecovery(plan: Plan, lock: Lock, io: Io, json: ApplyJson | null): Promise<ExitCode> {
  if (plan.actions.length === 0) return hasErrors(plan) ? ExitCode.refused : ExitCode.done;
  const exitCode = await perform(plan, { stateDir: STATE_FOLDER, lock }, io, json);
  return exitCode === ExitCode.done && hasErrors(plan) ? ExitCode.refused : exitCode;
}

/** What is no part of LVM's own state: layers in memory, and points that somebody looked at. */
async function endMounts(tell: Io['out'], io: Io): Promise<void> {
  for (const what of await endLeftovers({ run: runCommand, read: () => readMachine() })) tell(`${what}\n`);
  for (const target of unfinishedRestores(await readMachine())) {
    io.err(
      `${io.errStyle.yellow('warning:')} ${target} is the target of a restore that was not finished: restore it again\n`,
    );
  }
}

async function planNow(io: Io): Promise<Plan> {
  const now = new Date();
  const state = await readState({ run: patiently(io), now, devices: [] });
  return planRecovery({ inventory: inventoryOf(state), clock: now });
}
