/** What snapshots leave on their origins in the model: LVM's roles, and their common end. */
import type { Volume } from '../lvm/inventory.ts';
import type { ModelGroup } from './model.ts';

/** One snapshot more (1) or fewer (-1) of its origin: LVM's roles of the origin say whether it has one, or several. */
export function countSnapshot(group: ModelGroup, snapshot: Volume, change: 1 | -1): void {
  const origin = snapshot.origin === null ? undefined : group.volumes.get(snapshot.origin);
  if (!origin) return;
  const key = snapshotKey(snapshot);
  const count = Math.max(0, (group.snapshotsOf.get(key) ?? 0) + change);
  group.snapshotsOf.set(key, count);
  const kind = isThinSnapshot(snapshot) ? 'thin' : 'thick';
  const [one, several] = [`${kind}origin`, `multi${kind}origin`];
  const others = origin.roles.filter((role) => ![one, several, 'origin'].includes(role));
  const own = [...(count > 0 ? [one] : []), ...(count > 1 ? [several] : [])];
  const isOrigin = own.length > 0 || others.some((role) => role.endsWith('origin'));
  const roles = [...others, ...(isOrigin ? ['origin'] : []), ...own];
  group.volumes.set(origin.name, { ...origin, roles });
}

/** What the snapshots of one kind of one origin are counted by. */
export function snapshotKey(snapshot: Pick<Volume, 'origin' | 'roles'>): string {
  return isThinSnapshot(snapshot) ? `${snapshot.origin}/thin` : `${snapshot.origin}`;
}

export function isThinSnapshot({ roles }: Pick<Volume, 'roles'>): boolean {
  return roles.includes('thinsnapshot');
}

/** An origin ends with its COW snapshots, of whose permissions LVM tells nothing then; thin ones are volumes of their own. */
export function deactivateOrigin(group: ModelGroup, name: string): void {
  const origin = group.volumes.get(name);
  if (!origin) return;
  group.volumes.set(name, { ...origin, active: false });
  if (!group.snapshotsOf.get(name)) return;
  for (const volume of group.volumes.values()) {
    if (volume.origin !== name || isThinSnapshot(volume)) continue;
    group.volumes.set(volume.name, { ...volume, active: false, readOnly: false });
  }
}
