/** Twelve weeks of a thin origin that is tracked: after each night its points are those of the policy, and whole. */
import { expect, test } from 'vitest';
import { expectNothingLeft, MiB, machine } from './backup.ts';
import { completeCopies } from './copies.ts';
import { compact, KEEP, twelveWeeks, wanted } from './nights.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';

const FILE = `version: 1
group: {name: B, pool: {name: points, size: 95%FREE, metadata: 4MiB}}
volumes: [{source: S/data, tracking: snapshot, keep: ${JSON.stringify(KEEP)}}]
`;

test.runIf(process.env.FULL)(
  'night after night',
  async () => {
    const on = await machine(
      [120, 160],
      `
    vgcreate -q -s 1m S /dev/vda; lvcreate -q -y --type thin-pool -l 60 --chunksize 64k -n pool S
    lvcreate -q -y --thin -V 12m -n data S/pool; head -c 12582912 /dev/urandom > /dev/S/data
    vgcreate -q -s 1m B /dev/vdb
  `,
    );
    try {
      await on.write('/root/backup.yaml', FILE);
      const contents = new Map<string, string>();
      for (const [index, night] of twelveWeeks().entries()) {
        await sh(
          on,
          `date -u -s '${night.replace('T', ' ').replace('Z', '')}' > /dev/null
         head -c 300000 /dev/urandom | dd of=/dev/S/data bs=4096 seek=${(index % 11) * 256} conv=notrunc,fsync status=none`,
        );
        const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y', '--format', 'json');
        expect(exitCode, night + stdout + stderr).toBe(0);
        // The first copy has no base; each one after it reads what changed, and no more.
        const read = Number(/"bytesRead":\{"source":(\d+)/.exec(stdout)?.[1]);
        if (index > 0) expect(read, night).toBeLessThan(2 * MiB);
        const tags = await on.ok('lvs', '--noheadings', '-o', 'lv_tags', 'B/data-backup');
        const time = /lvmbackup\.time=([^,\s]+)/.exec(tags)?.[1] ?? '';
        contents.set(time, await sha256(on, '/dev/S/data'));
        const points = (await on.ok('lvs', '--noheadings', '-o', 'lv_name', 'B')).match(/data-backup\.\S+/g);
        expect(points, night).toEqual(
          wanted([...contents.keys()]).map((one) => `data-backup.${compact(one)}`),
        );
      }
      await expectNothingLeft(on);
      const sums = new Map([...contents].map(([time, sum]) => [`B/data-backup.${compact(time)}`, sum]));
      sums.set('B/data-backup', await sha256(on, '/dev/S/data'));
      for (const { volume, sum } of await completeCopies(on)) expect(sum, volume).toBe(sums.get(volume));
    } finally {
      await on.close();
    }
  },
  7_200_000,
);
