/**
 * The cut matrix: wherever a run is cut, and however, what is left is put right, the sources are what they were, and
 * nothing torn is called complete. Where it can be cut is what the plan says, so that new actions join by themselves.
 */
import { afterEach, expect, test } from 'vitest';
import { trial } from '../helpers/faults.ts';
import { expectNothingLeft, machine } from './backup.ts';
import { completeCopies } from './copies.ts';
import {
  everyCut,
  isSignal,
  type PlannedCut,
  plannedCommands,
  runInto,
  shareOf,
  wrapCommands,
} from './cut.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';
import { WORLDS, type World } from './worlds.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

const FULL = process.env.FULL !== undefined;

/** `CUTS=all`, or a share of them, such as `CUTS=3/8`: the whole takes hours. */
const CUTS = process.env.CUTS ?? (FULL ? '1/8' : '18/50');
const SHARE = CUTS === 'all' ? '1/1' : CUTS;

/** What a run does that makes the volumes, and what every later one does. */
const PHASES = ['first run', 'later run'] as const;

async function sourceSums(lab: Lab, { origins }: World): Promise<string[]> {
  return Promise.all(origins.map((origin) => sha256(lab, `/dev/${origin}`)));
}

async function changeSources(lab: Lab, { origins }: World): Promise<void> {
  for (const origin of origins) {
    await sh(
      lab,
      `head -c 40000 /dev/urandom | dd of=/dev/${origin} bs=4096 seek=1100 conv=notrunc,fsync status=none`,
    );
  }
}

/** Whatever says that it is complete holds one of these. Gives what they hold. */
async function expectWhole(lab: Lab, contents: ReadonlySet<string>, where: string): Promise<string[]> {
  const copies = await completeCopies(lab);
  for (const { volume, sum } of copies) expect(contents, `${where}: ${volume}`).toContain(sum);
  return copies.map(({ sum }) => sum);
}

/** By recover and then apply, or by apply alone, in turns. */
async function putRight(lab: Lab, turn: number, where: string): Promise<void> {
  if (turn % 2 === 0) {
    const recovered = await lvmbackup(lab, 'recover');
    expect(recovered.exitCode, where + recovered.stdout + recovered.stderr).toBe(0);
    await expectNothingLeft(lab, where);
  }
  const applied = await lvmbackup(lab, 'apply', '-y', '--allow-remove');
  expect(applied.exitCode, where + applied.stdout + applied.stderr).toBe(0);
  await expectNothingLeft(lab, where);
}

/** As it was before the first run. */
async function forget(lab: Lab, { groupOf }: World): Promise<void> {
  await sh(
    lab,
    `/usr/sbin/lvremove -q -y --select 'lv_tags=lvmbackup && lv_layout!=pool'
     /usr/sbin/lvremove -q -y --select lv_tags=lvmbackup
     ! vgs B || vgs --noheadings -o vg_autoactivation B | grep -q enabled || /usr/sbin/vgchange -q --setautoactivation y B`,
  );
  if (!groupOf) return;
  await sh(lab, `! vgs B || /usr/sbin/vgremove -q B`);
  for (const disk of groupOf) await lab.ok('/usr/sbin/blkdiscard', '--zeroout', '--length', '1048576', disk);
}

async function runUncut(lab: Lab): Promise<void> {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, 'apply', '-y', '--allow-remove');
  expect(exitCode, stdout + stderr).toBe(0);
}

async function survive(
  world: World,
  lab: Lab,
  turn: number,
  cut: PlannedCut,
  contents: Set<string>,
): Promise<Lab> {
  const older = [...contents].at(-1);
  await changeSources(lab, world);
  const before = await sourceSums(lab, world);
  for (const one of before) contents.add(one);
  const where = `${world.name}, ${cut.how} ${cut.at}: ${cut.command}\n`;
  const next = await runInto(lab, cut, 'apply', '-y', '--allow-remove');
  on = next;
  if (isSignal(cut)) await expectNothingLeft(next, where);
  const whole = await expectWhole(next, contents, where);
  // Where the new copy is whole already, the policy may have let the older one go.
  if (world.keepsOlder && older !== undefined)
    expect(whole.includes(older) || whole.includes(before[0] ?? ''), where).toBe(true);
  await putRight(next, turn, where);
  await sh(
    next,
    [...new Set(world.origins.map((one) => one.split('/')[0]))].map((g) => `vgchange -q -ay ${g}`).join(';'),
  );
  expect(await sourceSums(next, world), where).toEqual(before);
  await expectWhole(next, contents, where);
  if (world.lent !== null) expect((await next.run(['blkid', '-p', world.lent])).stdout, where).toBe('');
  return next;
}

function phasesOf({ groupOf }: World): readonly (typeof PHASES)[number][] {
  if (groupOf) return ['first run'];
  return FULL ? PHASES : ['later run'];
}

const ONLY = process.env.WORLD;
const worlds = ONLY ? WORLDS.filter(({ name }) => name === ONLY) : FULL ? WORLDS : WORLDS.slice(0, 1);
const runs = worlds.flatMap((world) =>
  phasesOf(world).map((phase) => ({
    world,
    phase,
    name: world.name,
  })),
);

test.each(runs)(
  '$name, $phase: wherever and however it is cut',
  async ({ world, phase }) => {
    on = await machine(world.disks, world.script);
    await on.write('/root/backup.yaml', world.file);
    await wrapCommands(on);
    // Where two copies take turns, the second run still makes one.
    const makes = phase === 'first run' ? 0 : world.keepsOlder ? 2 : 1;
    for (let run = 0; run < makes; run += 1) await runUncut(on);
    let contents = new Set(await sourceSums(on, world));
    const cuts = shareOf(everyCut(await plannedCommands(on)), SHARE);
    await trial(`${world.name}, ${phase}`, 'a cut at a command', async (count) => {
      for (const cut of cuts) {
        count.tried += 1;
        if (phase === 'first run') {
          await forget(on as Lab, world);
          contents = new Set();
        }
        on = await survive(world, on as Lab, count.survived, cut, contents);
        count.survived += 1;
      }
    });
  },
  36_000_000,
);
