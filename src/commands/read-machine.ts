/** The live state for the commands that need no file: what the tags tell, and the devices that are named. */
import type { Inventory } from '../lvm/inventory.ts';
import { readState } from '../lvm/read-state.ts';
import { runCommand } from '../lvm/spawn.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import type { Io } from './io.ts';
import { specFor } from './make-plan.ts';

export async function readMachine(devices: readonly string[] = []): Promise<Inventory> {
  return inventoryOf(await readState({ run: runCommand, now: new Date(), devices }));
}

/** The backup group of a file that is named; null where none is, undefined where it is wrong and that was shown. */
export function groupOfFile(file: string | undefined, io: Io, json: boolean): string | null | undefined {
  if (file === undefined) return null;
  return specFor(file, 'look', io, json)?.spec.group.name;
}
