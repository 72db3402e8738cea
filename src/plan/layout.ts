/** The layout of groups as lines of text: what `plan --diff` compares. */
import type { Group, Inventory } from '../lvm/inventory.ts';
import { tagValue } from '../lvm/tags.ts';
import { bytesText, countText, extentsText } from '../units-text.ts';

/** One line a group, a device and a volume, in a fixed order; hidden volumes are left out. */
export function layoutLines(inventory: Inventory, groups: readonly string[]): string[] {
  return [...groups].sort().flatMap((name) => {
    const group = inventory.groups.get(name);
    return group ? groupLines(group) : [];
  });
}

function groupLines(group: Group): string[] {
  const pvs = [...group.pvs.values()].map(
    (pv) => `  on ${pv.device ?? 'a missing device'}: ${extentsText(pv.extents, group.extentSize)}`,
  );
  const volumes = [...group.volumes.values()]
    .filter((volume) => !volume.hidden)
    .map(
      (volume) =>
        `  ${volume.name}: ${extentsText(volume.extents, group.extentSize)}${stateText(volume.tags)}`,
    );
  return [
    `group ${group.name}: extents of ${bytesText(group.extentSize)}, ${countText(group.free)} of ${countText(group.extents)} free`,
    ...pvs.sort(),
    ...volumes.sort(),
  ];
}

function stateText(tags: readonly string[]): string {
  const source = tagValue(tags, 'source');
  if (source === null) return '';
  const time = tagValue(tags, 'time');
  const when = time === null ? '' : time === '{time}' ? ' of this run' : ` of ${time}`;
  return `, ${tagValue(tags, 'state') ?? 'incomplete'} copy of ${source}${when}`;
}
