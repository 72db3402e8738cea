/**
 * The cut matrix: wherever a run is cut, and however, what is left is put right, the sources are what they were, and
 * nothing torn is called complete. Where it can be cut is what the plan says, so that new actions join by themselves.
 */
import { afterEach, expect, test } from 'vitest';
import { trial } from '../helpers/faults.ts';
import { expectNothingLeft, machine } from './backup.ts';
import { completeCopies } from './copies.ts';
import { type Cut, everyCut, isSignal, plannedCommands, runInto, WAYS, wrapCommands } from './cut.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';
import { WORLDS, type World } from './worlds.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

const FULL = process.env.FULL !== undefined;
const ALL = process.env.CUTS === 'all';

/** Every cut of the plan, or one in so many: each way and each command has its turn. */
function cutOf(turn: number, commands: readonly string[]): Cut {
  const cuts = everyCut(commands);
  const stride = ALL ? 1 : cuts.length % 11 === 0 ? 13 : 11;
  return cuts[(turn * stride + 3) % cuts.length] as Cut;
}

function turnsFor(commands: readonly string[]): number {
  const all = commands.length * WAYS.length;
  return ALL ? all : FULL ? Math.ceil(all / 7) : 2;
}

async function changeSources(lab: Lab, { origins }: World): Promise<string[]> {
  for (const origin of origins) {
    await sh(
      lab,
      `head -c 40000 /dev/urandom | dd of=/dev/${origin} bs=4096 seek=1100 conv=notrunc,fsync status=none`,
    );
  }
  return Promise.all(origins.map((origin) => sha256(lab, `/dev/${origin}`)));
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
    await expectNothingLeft(lab);
  }
  const applied = await lvmbackup(lab, 'apply', '-y', '--allow-remove');
  expect(applied.exitCode, where + applied.stdout + applied.stderr).toBe(0);
  await expectNothingLeft(lab);
}

async function survive(world: World, lab: Lab, turn: number, contents: Set<string>): Promise<Lab> {
  const older = [...contents].at(-1);
  const before = await changeSources(lab, world);
  for (const one of before) contents.add(one);
  const commands = await plannedCommands(lab);
  const cut = cutOf(turn, commands);
  const where = `${world.name}, ${cut.how} ${cut.at}: ${commands[cut.at - 1]}\n`;
  const next = await runInto(lab, cut, 'apply', '-y', '--allow-remove');
  on = next;
  if (isSignal(cut)) await expectNothingLeft(next);
  const whole = await expectWhole(next, contents, where);
  // Where the new copy is whole already, the policy may have let the older one go.
  if (world.keepsOlder && older !== undefined)
    expect(whole.includes(older) || whole.includes(before[0] ?? ''), where).toBe(true);
  await putRight(next, turn, where);
  await sh(
    next,
    [...new Set(world.origins.map((one) => one.split('/')[0]))].map((g) => `vgchange -q -ay ${g}`).join(';'),
  );
  const after = await Promise.all(world.origins.map((origin) => sha256(next, `/dev/${origin}`)));
  expect(after, where).toEqual(before);
  await expectWhole(next, contents, where);
  if (world.lent !== null) expect((await next.run(['blkid', '-p', world.lent])).stdout, where).toBe('');
  return next;
}

const ONLY = process.env.WORLD;
const worlds = ONLY ? WORLDS.filter(({ name }) => name === ONLY) : FULL ? WORLDS : WORLDS.slice(0, 1);

test.each(worlds)(
  '$name: wherever and however it is cut',
  async (world) => {
    on = await machine(world.disks, world.script);
    await on.write('/root/backup.yaml', world.file);
    await wrapCommands(on);
    const contents = new Set<string>();
    const turns = turnsFor(await plannedCommands(on));
    await trial(world.name, 'a cut at a command', async (count) => {
      for (; count.tried < turns; count.survived += 1) {
        count.tried += 1;
        on = await survive(world, on as Lab, count.survived, contents);
      }
    });
  },
  36_000_000,
);
