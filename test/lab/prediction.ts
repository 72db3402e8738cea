/**
 * What the plan predicts, and what LVM reports after apply, side by side. The list of fields is closed: what the
 * model does not claim (UUIDs and times that LVM gives, the sequence number, extents per device where an allocation
 * spans) is not compared.
 */
import type { Group, Inventory, Volume } from '../../src/lvm/inventory.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import type { PlanDocument } from '../../src/plan/document.ts';
import { simulate } from '../../src/plan/simulate.ts';
import { lvmbackup } from './tool.ts';
import type { Lab } from './vm.ts';

export async function liveInventory(lab: Lab): Promise<Inventory> {
  const { stdout, stderr, exitCode } = await lvmbackup(lab, 'state');
  if (exitCode !== 0) throw new Error(stderr);
  return inventoryOf(JSON.parse(stdout));
}

export async function planDocumentOf(lab: Lab): Promise<PlanDocument> {
  const { stdout, stderr } = await lvmbackup(lab, 'plan', '--format', 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as PlanDocument;
}

/** The inventory after every action of the plan, by the model. */
export function predicted(before: Inventory, plan: PlanDocument): Inventory {
  const result = simulate(before, plan.actions);
  if ('inventory' in result) return result.inventory;
  throw new Error(`${result.action.type} ${result.action.target}: ${JSON.stringify(result.fault)}`);
}

/** Groups in which an allocation had to span: LVM chose how much went where, so only their totals are predicted. */
export function spanned(prediction: Inventory): ReadonlySet<string> {
  const onPvs = (group: Group) => [...group.pvs.values()].reduce((sum, pv) => sum + pv.free, 0);
  const groups = [...prediction.groups.values()];
  return new Set(groups.filter((group) => onPvs(group) !== group.free).map(({ name }) => name));
}

/** The compared fields of an inventory, as plain data; of the groups named in `totals`, not where extents lie. */
export function facts(inventory: Inventory, totals: ReadonlySet<string>) {
  return {
    groups: Object.fromEntries(
      [...inventory.groups].sort(byKey).map(([name, group]) => [name, groupFacts(group, totals.has(name))]),
    ),
    orphans: [...inventory.orphans.keys()].sort(),
  };
}

function groupFacts(group: Group, totals: boolean) {
  return {
    extentSize: group.extentSize,
    extents: group.extents,
    free: group.free,
    tags: [...group.tags].sort(),
    autoactivation: group.autoactivation,
    pvs: Object.fromEntries(
      [...group.pvs.values()]
        .sort(byDevice)
        .map((pv) => [
          pv.device ?? '?',
          totals ? { extents: pv.extents } : { extents: pv.extents, free: pv.free },
        ]),
    ),
    volumes: [...group.volumes]
      .map(([name, volume]) => ({ name: timeless(name), ...volumeFacts(group, volume, totals) }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

function volumeFacts(group: Group, volume: Volume, totals: boolean) {
  const { extents, size, roles, layout, origin, active, skipActivation, readOnly, allocation } = volume;
  return {
    ...{ extents, size, layout, origin, active, skipActivation, readOnly },
    roles: [...roles].sort(),
    tags: volume.tags.map(runIndependent).sort(),
    // By device: the UUIDs that a plan chooses for new physical volumes are another plan's no more.
    allocation: totals
      ? []
      : allocation.map(({ pv, extents }) => [group.pvs.get(pv)?.device ?? '?', extents]).sort(),
  };
}

/** A point is named by its time, which only the run knows. */
function timeless(name: string): string {
  return name.replace(/\.(\{time\}|\d{8}T\d{6}Z)$/, '.TIME');
}

/** Only the run knows its time and its digests; that they are there and well formed is what is compared. */
function runIndependent(tag: string): string {
  return tag
    .replace(/^(lvmbackup\.(?:base)?time=)(\{time\}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/, '$1TIME')
    .replace(/^(lvmbackup\.used=)(\{used\}|\d+\.\d:\d+\.\d)$/, '$1USED')
    .replace(/^(lvmbackup\.digest=)(\{digest\}|sha256-(?:256KiB|files):[0-9a-f]{64})$/, '$1DIGEST');
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function byDevice(a: { readonly device: string | null }, b: { readonly device: string | null }): number {
  return (a.device ?? '') < (b.device ?? '') ? -1 : 1;
}
