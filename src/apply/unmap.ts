/** Ends what LVM has forgotten and device-mapper still has. */
import { mappedDevices, unmap } from '../lvm/commands.ts';
import { isLayerOf, mapperName } from '../lvm/mapper.ts';
import type { RunCommand } from '../lvm/spawn.ts';
import { must } from './active-point.ts';

/**
 * The store of a volume that is no snapshot any more, and layers of the group below origins that are none any more:
 * nothing stands on those. Throws CommandFailed where somebody has the store open.
 */
export async function unmapLeft(
  { group, volume }: { readonly group: string; readonly volume: string },
  run: RunCommand,
): Promise<void> {
  const store = mapperName(group, volume, 'cow');
  for (const { name, open } of readMapped((await run(mappedDevices())).stdout)) {
    const isForgotten = name === store || (isLayerOf(group, name, 'real') && open === '0');
    if (isForgotten) await must(unmap(name), run);
  }
}

function readMapped(stdout: string): { name: string; open: string }[] {
  return stdout.split('\n').flatMap((line) => {
    const [name = '', open] = line.trim().split('|');
    return open === undefined ? [] : [{ name, open }];
  });
}
