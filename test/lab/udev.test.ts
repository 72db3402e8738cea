/** With udevd and dmeventd, and LVM's own defaults: as on any Debian machine. */
import { afterEach, expect, test } from 'vitest';
import { backUp, backUpAsWritten, expectNothingLeft, MiB } from './backup.ts';
import { completeCopies } from './copies.ts';
import { killInCopy } from './cut.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';
import { WORLDS, type World } from './worlds.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab | undefined;
afterEach(() => on?.close());

const names = ['thick, with a lent device', 'points in a pool'];
const worlds = WORLDS.filter(({ name }) => names.includes(name));

test.runIf(FULL).each(worlds)(
  '$name: backed up, killed, recovered, brought up to date',
  async (world: World) => {
    const lab = await bootLab({ disks: world.disks.map((size) => ({ size: size * MiB })), services: 'udev' });
    on = lab;
    await sh(lab, `dmeventd; ${world.script}`);
    await backUp(lab, world.file);
    const running = await lab.ok('ps', '-A', '-o', 'comm');
    for (const name of ['udevd', 'dmeventd']) expect(running).toContain(name);
    const [origin = ''] = world.origins;
    const change = () =>
      sh(
        lab,
        `head -c 9000000 /dev/urandom | dd of=/dev/${origin} bs=1M seek=1 conv=notrunc,fsync status=none`,
      );
    await change();
    await killInCopy(lab);
    const recovered = await lvmbackup(lab, 'recover');
    expect(recovered.exitCode, recovered.stdout + recovered.stderr).toBe(0);
    await expectNothingLeft(lab);
    await change();
    await backUpAsWritten(lab, '--allow-remove');
    await expectNothingLeft(lab);
    const sums = (await completeCopies(lab)).map(({ sum }) => sum);
    expect(new Set(sums)).toEqual(new Set([await sha256(lab, `/dev/${origin}`)]));
    if (world.lent !== null) expect((await lab.run(['blkid', '-p', world.lent])).stdout).toBe('');
  },
);
