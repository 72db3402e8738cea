import { expect, test } from 'vitest';
import type { Action } from '../../src/plan/action.ts';
import { planDocument } from '../../src/plan/document.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { staleReasons } from '../../src/plan/stale.ts';
import { commandsOf } from '../../src/plan/steps.ts';
import { bytes, MiB } from '../../src/units.ts';
import { aDevice, aGroup, anInventory, aVolume, diskOf } from '../helpers/machine.ts';
import { anInput, aSpec, aVolumeSpec } from '../helpers/specs.ts';

/** The machine of the guide: a full group, and a disk with a partition to lend and one for the backups. */
function guide() {
  return anInventory({
    groups: [
      aGroup(
        'SSD',
        [{ device: '/dev/sda2', extents: 164 }],
        [aVolume('SSD', 'root', 64), aVolume('SSD', 'home', 100)],
      ),
    ],
    devices: [
      aDevice('/dev/sda2', diskOf(164), { parents: ['/dev/sda'] }),
      aDevice('/dev/sdb1', diskOf(110), { parents: ['/dev/sdb'] }),
      aDevice('/dev/sdb2', 801 * MiB, { parents: ['/dev/sdb'] }),
    ],
    links: { '/dev/disk/by-id/usb-WD-part1': '/dev/sdb1' },
  });
}

const lend = '/dev/disk/by-id/usb-WD-part1';

function guideSpec() {
  return aSpec(
    [aVolumeSpec('SSD/root', { snapshot: { lend } }), aVolumeSpec('SSD/home', { snapshot: { lend } })],
    { devices: ['/dev/sdb2'], extentSize: bytes(8 * MiB) },
  );
}

function errors(plan: Plan) {
  return plan.problems.filter(({ severity }) => severity === 'error');
}

function outline(actions: readonly Action[]): string[] {
  return actions.map((action) =>
    [action.id, action.type, action.target, action.closes === undefined ? '' : `closes ${action.closes}`]
      .join(' ')
      .trim(),
  );
}

test('a link that leads to another device by now makes a saved plan stale, though its name is the same', () => {
  const machine = (path: string) => {
    const inventory = guide();
    const devices = [...(inventory.devices?.byPath.values() ?? [])];
    return anInventory({
      groups: [...inventory.groups.values()],
      devices: [...devices, aDevice('/dev/sdc1', diskOf(110), { parents: ['/dev/sdc'] })],
      links: { [lend]: path },
    });
  };
  const before = planBackup(anInput(guideSpec(), machine('/dev/sdb1')));
  const saved = JSON.parse(JSON.stringify(planDocument(before)));
  expect(staleReasons(saved, planBackup(anInput(guideSpec(), machine('/dev/sdb1'))))).toEqual([]);
  const now = planBackup(anInput(guideSpec(), machine('/dev/sdc1')));
  expect(errors(now)).toEqual([]);
  expect(staleReasons(saved, now)).not.toEqual([]);
});

test('the device is lent once, around all sources of its group', () => {
  const plan = planBackup(anInput(guideSpec(), guide()));
  expect(errors(plan)).toEqual([]);
  expect(outline(plan.actions)).toEqual([
    '1 group.create Backup',
    '2 group.extend SSD',
    '3 volume.create Backup/root-backup',
    '4 snapshot.create SSD/root-snap',
    '5 copy Backup/root-backup',
    '6 snapshot.remove SSD/root-snap closes 4',
    '7 volume.create Backup/home-backup',
    '8 snapshot.create SSD/home-snap',
    '9 copy Backup/home-backup',
    '10 snapshot.remove SSD/home-snap closes 8',
    '11 group.reduce SSD closes 2',
  ]);
});

test('bytes are compared, extents are counted in the group that allocates', () => {
  const { actions } = planBackup(anInput(guideSpec(), guide()));
  const create = actions.find(({ target }) => target === 'Backup/home-backup');
  expect(create).toMatchObject({ type: 'volume.create', extents: 50, bytes: 400 * MiB });
  const snapshot = actions.find(({ target }) => target === 'SSD/home-snap');
  expect(snapshot).toMatchObject({ extents: 101, needs: [2] });
});

test('the space table is the trace of free extents', () => {
  const { space } = planBackup(anInput(guideSpec(), guide()));
  expect(space).toEqual([
    expect.objectContaining({
      group: 'Backup',
      extents: 100,
      freeBefore: 0,
      freeLowest: 18,
      lowestAt: 7,
      freeAfter: 18,
    }),
    expect.objectContaining({ group: 'SSD', extents: 164, freeBefore: 0, freeLowest: 0, freeAfter: 0 }),
  ]);
});

test('commands announce a loan before they make it, and name the device of every allocation', () => {
  const { actions } = planBackup(anInput(guideSpec(), guide()));
  const commands = actions.map((action) => commandsOf(action).map((argv) => argv.join(' ')));
  const uuid = expect.stringMatching(/LvmBkp-/);
  expect(commands[1]).toEqual([uuid, uuid, 'vgextend SSD /dev/sdb1']);
  expect(commands[1]?.[0]).toMatch(
    /^vgchange --addtag lvmbackup\.lent=LvmBkp-\S+ --addtag lvmbackup\.made=LvmBkp-\S+ SSD$/,
  );
  expect(commands[1]?.[1]).toMatch(
    /^pvcreate --uuid LvmBkp-\S+ --norestorefile --dataalignment 1m --metadatacopies 1 \/dev\/sdb1$/,
  );
  expect(commands[3]).toEqual([
    'lvcreate -y -s -pr --monitor n -l 65 -n root-snap --addtag lvmbackup --addtag lvmbackup.run={run} SSD/root /dev/sdb1',
  ]);
  expect(commands[4]).toEqual([
    'lvchange -y -ay -K Backup/root-backup',
    'lvmbackup copy /dev/SSD/root-snap /dev/Backup/root-backup',
    'lvchange --deltag lvmbackup.state=incomplete --addtag lvmbackup.state=complete --addtag lvmbackup.time={time} --addtag lvmbackup.digest={digest} Backup/root-backup',
    'lvchange -y -an Backup/root-backup',
  ]);
  expect(commands[10]?.[0]).toBe('vgreduce SSD /dev/sdb1');
  expect(commands[10]?.at(-1)).toMatch(/^vgchange --deltag lvmbackup\.lent=/);
  expect(JSON.stringify(commands)).not.toMatch(/--force|"-ff"/);
});

test('a lent device that is too small is refused with what is short, and the plan is still whole', () => {
  const inventory = guide();
  const small = anInventory({
    groups: [...inventory.groups.values()],
    devices: [
      aDevice('/dev/sda2', diskOf(164)),
      aDevice('/dev/sdb1', diskOf(80)),
      aDevice('/dev/sdb2', 801 * MiB),
    ],
    links: { [lend]: '/dev/sdb1' },
  });
  const plan = planBackup(anInput(guideSpec(), small));
  expect(errors(plan)).toEqual([
    expect.objectContaining({
      code: 'insufficient-space',
      group: 'SSD',
      needed: 101,
      available: 80,
      message:
        'SSD/home-snap needs 101 extents (404.0 MiB) of SSD, where 80 extents (320.0 MiB) can be had: 21 extents (84.0 MiB) short',
    }),
  ]);
  expect(plan.actions).toHaveLength(11);
});

test('the same input gives the same plan', () => {
  const planned = () => {
    const plan = planBackup(anInput(guideSpec(), guide()));
    return { ...plan, layout: plan.layout() };
  };
  expect(planned()).toEqual(planned());
});
