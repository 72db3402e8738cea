/** The plans that the views are shown with: the guide's, one that is refused, and one with hostile names. */
import type { Inventory } from '../../src/lvm/inventory.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import type { Spec } from '../../src/spec/spec.ts';
import { bytes, MiB, seconds } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

const LEND = '/dev/disk/by-id/usb-WD-part1';

/** A full group, and a disk with a partition to lend and one for the backups; a partition that is frozen. */
export function guideMachine(lentExtents = 110): Inventory {
  return anInventory({
    groups: [
      aGroup(
        'SSD',
        [{ device: '/dev/sda2', extents: 164 }],
        [aVolume('SSD', 'root', 64), aVolume('SSD', 'home', 100)],
      ),
    ],
    devices: [
      aDevice('/dev/sda1', 60 * MiB, { parents: ['/dev/sda'], mountPoints: ['/boot'], partUuid: 'boot' }),
      aDevice('/dev/sda2', diskOf(164), { parents: ['/dev/sda'] }),
      aDevice('/dev/sdb1', diskOf(lentExtents), { parents: ['/dev/sdb'] }),
      aDevice('/dev/sdb2', 801 * MiB, { parents: ['/dev/sdb'] }),
    ],
    links: { [LEND]: '/dev/sdb1' },
  });
}

export function guideSpec(): Spec {
  const volumes = ['SSD/root', 'SSD/home'].map((source) =>
    aVolumeSpec(source, { refreshAfter: seconds(72_000), snapshot: { lend: LEND } }),
  );
  const boot = aVolumeSpec('/dev/sda1', { backup: 'boot-backup', freeze: true });
  return aSpec([...volumes, boot], { devices: ['/dev/sdb2'], extentSize: bytes(8 * MiB) });
}

export function guidePlan(): Plan {
  return planBackup(anInput(guideSpec(), guideMachine()));
}

/** The lent device is too small for the second snapshot, and a source is not there. */
export function refusedPlan(): Plan {
  const { volumes, ...rest } = guideSpec();
  return planBackup(anInput({ ...rest, volumes: [...volumes, aVolumeSpec('SSD/var')] }, guideMachine(80)));
}

/** What a state from elsewhere may try: to move the cursor, to hide, to close a table. */
export const HOSTILE = 'a\u001b[2J\u001b]0;x\u0007|b\u202e`c\n\u009b31m<script>';

export function hostilePlan(): Plan {
  const plan = guidePlan();
  const [problem] = plan.problems;
  return {
    ...plan,
    config: { ...plan.config, path: HOSTILE },
    actions: plan.actions.map((action) => ({
      ...action,
      target: `${HOSTILE}/x`,
      reason: HOSTILE,
      ...('pv' in action ? { pv: { ...action.pv, named: HOSTILE, device: HOSTILE } } : {}),
      ...('placement' in action ? { placement: { devices: [HOSTILE] } } : {}),
    })),
    space: plan.space.map((group) => ({ ...group, group: HOSTILE })),
    problems: problem ? [{ ...problem, message: HOSTILE, hint: HOSTILE }] : [],
    skipped: [{ source: HOSTILE, reason: HOSTILE }],
    leftOut: [{ source: HOSTILE, reason: HOSTILE }],
    layout: () => ({ before: [HOSTILE], after: [`${HOSTILE}+`] }),
  };
}
