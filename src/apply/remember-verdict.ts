/** What was found when a restore point was read again: kept in its own tags, where restores and status look for it. */
import { type Argv, changeVolumeTags } from '../lvm/commands.ts';
import type { Inventory } from '../lvm/inventory.ts';
import { splitPath } from '../plan/model.ts';
import { pointIn } from '../plan/restore-points.ts';
import { verdictsOn } from '../plan/verdict.ts';

/**
 * Also of what shares its blocks. One that was made anew since it was read, by whatever hand, is not the one that was
 * read: its digest tells. `command` throws where it does not succeed.
 */
export async function rememberVerdict(
  { volume: path, digest }: { readonly volume: string; readonly digest: string | null },
  verdict: { readonly time: string; readonly ok: boolean },
  readInventory: () => Promise<Inventory>,
  command: (argv: Argv) => Promise<unknown>,
): Promise<void> {
  const [groupName, name] = splitPath(path);
  const group = (await readInventory()).groups.get(groupName);
  const volume = group?.volumes.get(name);
  const point = volume && pointIn(volume);
  if (!group || point?.digest !== digest) return;
  for (const { volume: one, from, to } of verdictsOn(group, point, verdict)) {
    for (const argv of changeVolumeTags(one, from, to)) await command(argv);
  }
}
