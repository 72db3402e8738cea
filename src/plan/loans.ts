/** Devices that are lent to source groups: which, from when to when, and what stands against it. */
import { bytesOf } from '../units.ts';
import type { ActionId, PlannedPv } from './action.ts';
import { planPv } from './backup-group.ts';
import type { PlanBuilder } from './builder.ts';
import { kernelPath, useOf } from './devices.ts';
import type { PlanInput } from './input.ts';
import { freeOf } from './model.ts';
import type { Problem } from './problem.ts';
import { deviceRefusal, refusal } from './problem-texts.ts';

export interface Loan {
  readonly group: string;
  readonly pv: PlannedPv;
  readonly opened: ActionId;
}

/** One device for one group, for all of that group's sources. */
export function loanKey(group: string, named: string): string {
  return `${group} ${named}`;
}

export type LoanResult =
  | { readonly kind: 'lent'; readonly loan: Loan }
  /** The device is in the group already: it is used, and not given back. */
  | { readonly kind: 'already-there'; readonly device: string }
  | { readonly kind: 'refused'; readonly problem: Problem };

export function openLoan(builder: PlanBuilder, input: PlanInput, group: string, named: string): LoanResult {
  const target = builder.model.group(group);
  const use = useOf(builder.model, named);
  if (use.kind === 'member' && use.group === group && !use.pv.lent) {
    return { kind: 'already-there', device: use.pv.device ?? named };
  }
  const problem = loanRefusal(builder, input, group, named);
  if (problem || !target) {
    return {
      kind: 'refused',
      problem: problem ?? refusal('group-missing', { group }, `there is no group ${group}`),
    };
  }
  const pv = planPv(builder, input, named, use, { group, extentSize: target.extentSize, purpose: 'lend' });
  const opened = builder.add({
    type: 'group.extend',
    target: group,
    device: pv.device,
    pv,
    purpose: 'lend',
    extents: pv.extents,
    bytes: bytesOf(pv.extents, target.extentSize),
    reason: `lent for the snapshots: ${group} has ${freeOf(target)} free extents`,
  });
  builder.problem(bootRisk(group, pv, opened));
  return { kind: 'lent', loan: { group, pv, opened } };
}

export function closeLoan(builder: PlanBuilder, input: PlanInput, loan: Loan): void {
  const { devicesFile } = input.inventory;
  builder.add({
    type: 'group.reduce',
    closes: loan.opened,
    target: loan.group,
    device: loan.pv.device,
    pv: loan.pv,
    forgetDevice: devicesFile !== null && !devicesFile.includes(loan.pv.device),
    extents: loan.pv.extents,
    bytes: bytesOf(loan.pv.extents, builder.model.group(loan.group)?.extentSize ?? (0 as never)),
    reason: 'given back: every snapshot is gone',
  });
}

function loanRefusal(builder: PlanBuilder, input: PlanInput, group: string, named: string): Problem | null {
  const path = kernelPath(input.inventory, named);
  if (input.spec.group.devices.some((device) => kernelPath(input.inventory, device) === path)) {
    return refusal(
      'device-shared',
      { group },
      `${named} is to be lent to ${group}, and is a device of the backup group too (group.devices)`,
      'name another device in one of the two places',
    );
  }
  const refused = deviceRefusal(named, useOf(builder.model, named), `be lent to ${group}`, { group });
  return refused ?? blockSizeProblem(builder, input, group, named);
}

/** LVM refuses to mix logical block sizes, and would leave its label behind: it has to be known before. */
function blockSizeProblem(
  builder: PlanBuilder,
  input: PlanInput,
  group: string,
  named: string,
): Problem | null {
  const sectorOf = (path: string) =>
    input.inventory.devices?.byPath.get(kernelPath(input.inventory, path))?.logicalSector;
  const own = sectorOf(named);
  if (own === undefined) return null;
  for (const { device } of builder.model.group(group)?.pvs.values() ?? []) {
    const other = device === null ? undefined : sectorOf(device);
    if (other !== undefined && other !== own) {
      return refusal(
        'block-size-mismatch',
        { group },
        `${named} has logical blocks of ${own} bytes, ${device} of ${group} has ${other}: LVM does not mix them`,
        'lend a device with the same logical block size (`lsblk -o NAME,LOG-SEC`)',
      );
    }
  }
  return null;
}

function bootRisk(group: string, pv: PlannedPv, action: ActionId): Problem {
  return {
    code: 'boot-risk',
    severity: 'warning',
    group,
    action,
    message: `while ${pv.named} is lent, a reboot of the machine without it leaves the volumes with a snapshot inactive`,
    hint: `keep the device plugged in during the run; should it happen: lvremove -y the snapshot, vgreduce --removemissing ${group} (never with --force), vgchange -ay ${group}`,
  };
}
