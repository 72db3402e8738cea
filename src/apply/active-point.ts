/** A restore point that is active for a while, so that it can be read and nobody can write to it. */
import { type Argv, activateReadOnly, deactivate } from '../lvm/commands.ts';
import type { Inventory } from '../lvm/inventory.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import { CommandFailed } from './failure.ts';

/** What it takes to end it, and the pool that LVM activates with it: where nobody else has the point open. */
export function restCommands({ path, volume }: RestorePoint, inventory: Inventory): Argv[] {
  if (volume.open) return [];
  const group = inventory.groups.get(volume.group);
  const pool = volume.pool === null ? undefined : group?.volumes.get(volume.pool);
  return [deactivate(path), ...(pool && !pool.active ? [deactivate(`${volume.group}/${pool.name}`)] : [])];
}

/** Throws CommandFailed where it cannot be activated. */
export async function activatePoint({ path, volume }: RestorePoint, run: RunCommand): Promise<void> {
  if (volume.open) return;
  for (const argv of activateReadOnly(path, volume.pool !== null)) await must(argv, run);
}

/** Whatever the work comes to, the point is as it was afterwards. */
export async function withActivePoint<T>(
  point: RestorePoint,
  inventory: Inventory,
  run: RunCommand,
  work: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    await activatePoint(point, run);
    result = await work();
  } catch (error) {
    for (const argv of restCommands(point, inventory)) await run(argv).catch(() => {});
    throw error;
  }
  for (const argv of restCommands(point, inventory)) await must(argv, run);
  return result;
}

/** Throws CommandFailed where it does not succeed. */
export async function must(argv: Argv, run: RunCommand): Promise<void> {
  const result = await run(argv);
  if (result.exitCode !== 0) throw new CommandFailed(result);
}
