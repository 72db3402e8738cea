/**
 * Data, flush, tag: in this order, whatever the power does. dm-log-writes under the backup disk records every write;
 * replayed to each flush, and from there on by LVM's metadata alone (a disk may keep back what was not flushed, and in
 * any order), nowhere does a volume say that it is complete whose bytes are not its source's.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { trial } from '../helpers/faults.ts';
import { MiB, machine } from './backup.ts';
import { loggedWrites, replay } from './log-writes.ts';
import { PROJECT } from './machine.ts';
import { volumesOn } from './pv-image.ts';
import { PROGRAM, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

const DISK = 48 * MiB;
const FILE = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/data, verify: none}]\n';
const UNSAFE = `${PROJECT}/.cache/without-flush/lvmbackup.cjs`;

/** The disk is the log's only once it has a layer over it: LVM must not see it below. */
const SETUP = `
  modprobe dm-log-writes
  sed -i '/^devices/d' /etc/lvm/lvmlocal.conf
  echo 'devices { obtain_device_list_from_udev=0 global_filter=["r|^/dev/vd[bc]$|", "a|.*|"] }' >> /etc/lvm/lvmlocal.conf
  dmsetup create --noudevsync --noudevrules logged --table "0 ${DISK / 512} log-writes /dev/vdb /dev/vdc"
  dmsetup mknodes
  vgcreate -q S /dev/vda; lvcreate -q -y -l 4 -n data S
  head -c 16777216 /dev/urandom > /dev/S/data
  vgcreate -q B /dev/mapper/logged`;

interface Seen {
  /** States in which a power cut could have left the disk. */
  readonly states: number;
  /** Those in which a copy said that it is complete. */
  readonly complete: number;
  /** Those of them whose bytes were not those of any state of the source. */
  readonly torn: number;
}

/** Two backups, the second of what changed; the source's digests, and the log of the disk. */
async function backedUp(program: string): Promise<{ digests: Set<string>; log: string }> {
  const lab = await machine([48, 48, 400], SETUP);
  on = lab;
  await lab.write('/root/backup.yaml', FILE);
  const digests = new Set<string>();
  for (const change of [false, true]) {
    if (change)
      await sh(
        lab,
        'head -c 5000000 /dev/urandom | dd of=/dev/S/data bs=4096 seek=1500 conv=notrunc,fsync status=none',
      );
    digests.add(await sha256(lab, '/dev/S/data'));
    await lab.ok(process.execPath, program, 'apply', '-y', '-f', '/root/backup.yaml');
  }
  await sh(lab, 'vgchange -q -an B; dmsetup remove --noudevsync logged; sync');
  const [, , log] = await lab.powerCut();
  return { digests, log: log?.file ?? '' };
}

function judge(image: Buffer, digests: ReadonlySet<string>): Pick<Seen, 'complete' | 'torn'> {
  let [complete, torn] = [0, 0];
  for (const { tags, start } of volumesOn(image)) {
    if (!tags.includes('lvmbackup.state=complete')) continue;
    complete = 1;
    const size = Number(tags.find((tag) => tag.startsWith('lvmbackup.size='))?.split('=')[1]);
    const digest = createHash('sha256')
      .update(image.subarray(start, start + size))
      .digest('hex');
    if (!digests.has(digest)) torn = 1;
  }
  return { complete, torn };
}

function lookEverywhere(log: string, digests: ReadonlySet<string>): Seen {
  const durable = Buffer.alloc(DISK);
  // What is durable, and over it those writes to LVM's metadata that are not yet.
  const ahead = Buffer.alloc(DISK);
  const pending: Parameters<typeof replay>[1][] = [];
  const seen = { states: 0, complete: 0, torn: 0 };
  const look = (image: Buffer) => {
    const { complete, torn } = judge(image, digests);
    seen.states += 1;
    seen.complete += complete;
    seen.torn += torn;
  };
  const settle = (write: Parameters<typeof replay>[1]) => {
    replay(durable, write);
    replay(ahead, write);
  };
  for (const write of loggedWrites(log)) {
    if (write.flush) {
      for (const one of pending.splice(0)) settle(one);
      look(durable);
    }
    if (write.fua) settle(write);
    else pending.push(write);
    if (write.at >= MiB) continue;
    replay(ahead, write);
    look(ahead);
  }
  for (const one of pending) settle(one);
  look(durable);
  return seen;
}

function programWithoutFlush(): string {
  const flush = /for \((const|let) handle of handles\) await handle\.sync\(\);/;
  const text = readFileSync(PROGRAM, 'utf8');
  expect(text).toMatch(flush);
  mkdirSync(`${PROJECT}/.cache/without-flush`, { recursive: true });
  writeFileSync(UNSAFE, text.replace(flush, ''));
  return UNSAFE;
}

test('nowhere is a copy complete before its bytes are there', async () => {
  await trial('writes to the backup disk', 'the power is gone', async (count) => {
    const { digests, log } = await backedUp(PROGRAM);
    const { states, complete, torn } = lookEverywhere(log, digests);
    count.tried = states;
    count.survived = states - torn;
    expect(torn).toBe(0);
    expect(complete).toBeGreaterThan(1);
  });
});

test.runIf(process.env.FULL)(
  'without the flush there are states in which it is: what this test is able to see',
  async () => {
    try {
      const { digests, log } = await backedUp(programWithoutFlush());
      expect(lookEverywhere(log, digests).torn).toBeGreaterThan(0);
    } finally {
      rmSync(`${PROJECT}/.cache/without-flush`, { recursive: true, force: true });
    }
  },
);
