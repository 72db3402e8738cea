/** Ends what LVM has forgotten and device-mapper still has. */
import { mapped, unmap } from '../lvm/commands.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import { must } from './active-point.ts';

/** Throws CommandFailed where somebody has it open. One that is gone, for LVM took it along, is no failure. */
export async function unmapLeft(name: string, run: RunCommand): Promise<void> {
  const { exitCode } = await run(mapped(name));
  if (exitCode === 0) await must(unmap(name), run);
}
