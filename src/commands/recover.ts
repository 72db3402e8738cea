/** `lvmbackup recover`: what dead runs left, put right from the tags alone; needs no file. */
import { acquireLock } from '../apply/lock.ts';
import { ExitCode } from '../errors.ts';
import { readState } from '../lvm/read-state.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import { hasErrors, type Plan } from '../plan/plan.ts';
import { planRecovery } from '../plan/plan-backup.ts';
import { applyJson } from '../views/apply-json.ts';
import { planText } from '../views/plan-text.ts';
import { perform } from './apply.ts';
import type { Io } from './io.ts';
import { patiently } from './patiently.ts';
import { STATE_FOLDER } from './state-folder.ts';

export async function recover(
  options: { readonly format: 'text' | 'json' },
  io: Io,
  version: string,
): Promise<ExitCode> {
  // Whoever holds the lock is alive, and so is what it has open.
  const lock = acquireLock(process.argv.slice(2), new Date());
  try {
    const plan = await planNow(io);
    const json = options.format === 'json' ? applyJson(io.out, () => new Date()) : null;
    if (json) json.begin(plan, version);
    else io.out(`${planText(plan, { style: io.outStyle, verbose: false })}\n`);
    if (plan.actions.length === 0) return hasErrors(plan) ? ExitCode.refused : ExitCode.done;
    const exitCode = await perform(plan, { stateDir: STATE_FOLDER, lock }, io, json);
    return exitCode === ExitCode.done && hasErrors(plan) ? ExitCode.refused : exitCode;
  } finally {
    lock.release();
  }
}

async function planNow(io: Io): Promise<Plan> {
  const now = new Date();
  const state = await readState({ run: patiently(io), now, devices: [] });
  return planRecovery({ inventory: inventoryOf(state), clock: now });
}
