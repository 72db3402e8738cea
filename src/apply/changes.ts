/**
 * The list of what changed since a base, for one copy: read when the new snapshot is there, for then every change up to
 * it is told of. Without a list a copy is slower, never wrong: whatever stands against it is the reason to read all.
 */
import type { ListFault } from '../lvm/change-list.ts';
import { cowList } from '../lvm/cow-list.ts';
import type { Group, Inventory, Volume } from '../lvm/inventory.ts';
import type { RunCommand, StreamCommand } from '../lvm/spawn.ts';
import { tagValue } from '../lvm/tags.ts';
import { thinList } from '../lvm/thin-list.ts';
import type { CopyAction, CopyBase, Draft } from '../plan/action.ts';
import { isBase } from '../plan/base.ts';
import { splitPath } from '../plan/model.ts';
import type { RangeSet } from '../ranges.ts';

export interface ListTools {
  readonly run: RunCommand;
  readonly stream: StreamCommand;
  readonly readInventory: () => Promise<Inventory>;
  readonly signal: AbortSignal;
}

export type Changes = { readonly ranges: RangeSet } | { readonly fault: Pick<ListFault, 'text'> };

/** Throws the signal's reason. `action.since` says what is asked; a base that is another one by now is not. */
export async function changesSince(
  action: Draft<CopyAction>,
  base: CopyBase,
  tools: ListTools,
): Promise<Changes> {
  const [groupName, name] = splitPath(base.snapshot);
  const group = (await tools.readInventory()).groups.get(groupName);
  const volume = group?.volumes.get(name);
  if (!group || !volume || !isBase(volume) || tagValue(volume.tags, 'basetime') !== base.time) {
    return { fault: { text: `${base.snapshot} is not the base any more that it was when this was planned` } };
  }
  const span = { size: action.bytes, before: base.size };
  if (volume.pool === null) return cowList({ group: groupName, snapshot: name, span }, tools);
  return thinChanges(group, volume, action, { span, tools });
}

async function thinChanges(
  group: Group,
  base: Volume,
  action: Draft<CopyAction>,
  { span, tools }: { readonly span: Parameters<typeof thinList>[0]['span']; readonly tools: ListTools },
): Promise<Changes> {
  const now = group.volumes.get(splitPath(action.source)[1]);
  if (now?.thinId == null || base.thinId === null || now.pool === null || now.pool !== base.pool) {
    return {
      fault: { text: `LVM does not tell by what numbers ${group.name}/${base.pool} knows its volumes` },
    };
  }
  return thinList({ group: group.name, pool: now.pool, base: base.thinId, now: now.thinId, span }, tools);
}
