/** Others who are at work on the same machine, and other machines that the same disk is carried to. */
import { afterEach, expect, test } from 'vitest';
import { trial } from '../helpers/faults.ts';
import { expectNothingLeft, machine } from './backup.ts';
import { completeCopies } from './copies.ts';
import { lvmbackup, PROGRAM, sh, sha256, volumes } from './tool.ts';
import { bootLab, type Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;

let on: Lab;
afterEach(() => on.close());

const start = (file: string) =>
  on.start([process.execPath, PROGRAM, 'apply', '-y', '-f', file], { cwd: '/root' });

test.runIf(FULL)(
  'two runs at once, of two files with one device to lend: one of them waits for its turn',
  async () => {
    on = await machine(
      [25, 25, 60, 60, 40],
      `
    for n in 1 2; do
      dev=$(echo ab | cut -c$n); back=$(echo cd | cut -c$n)
      vgcreate -q S$n /dev/vd$dev; lvcreate -q -y -l 100%FREE -n root S$n; vgcreate -q B$n /dev/vd$back
      head -c 25165824 /dev/urandom > /dev/S$n/root
      echo "version: 1
group: {name: B$n}
volumes: [{source: S$n/root, snapshot: {lend: /dev/vde}}]" > /root/$n.yaml
    done`,
    );
    const jobs = ['1.yaml', '2.yaml'].map(start);
    const ends = await Promise.all(jobs.map((job) => job.wait()));
    expect(ends.map(({ exitCode }) => exitCode).sort(), ends.map(({ stderr }) => stderr).join('')).toEqual([
      0, 6,
    ]);
    const late = ends.findIndex(({ exitCode }) => exitCode === 6);
    expect(ends[late]?.stderr).toMatch(/process \d+, lvmbackup apply/);
    await expectNothingLeft(on);
    expect(await start(`${late + 1}.yaml`).wait()).toMatchObject({ exitCode: 0 });
    await expectNothingLeft(on);
    expect((await on.run(['blkid', '-p', '/dev/vde'])).stdout).toBe('');
    for (const { source, sum } of await completeCopies(on))
      expect(sum).toBe(await sha256(on, `/dev/${source}`));
    expect(await completeCopies(on)).toHaveLength(2);
  },
);

test.runIf(FULL)('another tool takes and frees extents all the time: it finishes or refuses', async () => {
  on = await machine(
    [60, 60],
    `
    vgcreate -q S /dev/vda; lvcreate -q -y -l 12 -n data S; head -c 50331648 /dev/urandom > /dev/S/data
    vgcreate -q B /dev/vdb`,
  );
  await on.write(
    '/root/backup.yaml',
    'version: 1\ngroup: {name: B}\nvolumes: [{source: S/data, snapshot: {size: 2 extents}}]\n',
  );
  // So that sometimes there is room, and sometimes there is none.
  const rival = on.start([
    'sh',
    '-c',
    'while :; do for g in S B; do lvcreate -q -y -l 2 -n x $g; done; for g in S B; do lvremove -q -y $g/x; done; done',
  ]);
  await trial('another tool', 'extents come and go', async (count) => {
    for (; count.tried < 6; count.survived += 1) {
      const seek = count.tried * 500;
      count.tried += 1;
      await sh(
        on,
        `head -c 300000 /dev/urandom | dd of=/dev/S/data bs=4096 seek=${seek} conv=notrunc,fsync status=none`,
      );
      const { exitCode, stdout, stderr } = await lvmbackup(on, 'apply', '-y');
      expect([0, 1, 4, 5], stdout + stderr).toContain(exitCode);
      const text = await on.ok('lvs', '--noheadings', '-o', 'lv_full_name,lv_role,lv_tags');
      if (exitCode === 0) expect(text).not.toMatch(/lvmbackup\.run|snapshot/);
    }
  });
  rival.kill('SIGKILL');
  await rival.wait();
  await sh(on, 'for v in S/x B/x; do if lvs $v; then lvremove -y $v; fi; done > /dev/null 2>&1');
  expect((await lvmbackup(on, 'apply', '-y')).exitCode).toBe(0);
  await expectNothingLeft(on);
  expect(await completeCopies(on)).toMatchObject([{ sum: await sha256(on, '/dev/S/data') }]);
});

test.runIf(FULL)(
  'two machines have a volume of one name: neither writes over the other on the disk that they share',
  async () => {
    const file = 'version: 1\ngroup: {name: B}\nvolumes: [{source: S/root}]\n';
    const script = 'vgcreate -q S /dev/vda; lvcreate -q -y -l 4 -n root S; echo mine > /dev/S/root';
    on = await machine([40, 60], `${script}; vgcreate -q B /dev/vdb`);
    await on.write('/root/backup.yaml', file);
    expect((await lvmbackup(on, 'apply', '-y')).exitCode).toBe(0);
    const copies = await completeCopies(on);
    const [, shared] = await on.powerCut();
    const first = on;
    on = await bootLab({ disks: [{ size: 40 * 1024 ** 2 }, ...(shared ? [shared] : [])] });
    await sh(on, script.replace('mine', 'another'));
    await on.write('/root/backup.yaml', file);
    const before = (await volumes(on)).join('\n');
    const refused = await lvmbackup(on, 'apply', '-y');
    expect(refused.exitCode, refused.stdout).toBe(4);
    expect(refused.stdout).toContain('other-source');
    expect((await volumes(on)).join('\n')).toBe(before);
    expect(await completeCopies(on)).toEqual(copies);
    await first.close();
  },
);
