/** Patterns, named policies and a snapshot that takes what room there is, on real LVM over three nights. */
import { afterAll, expect, test } from 'vitest';
import { backUp, backUpAsWritten, backupDigest, expectNothingLeft, MiB, machine } from './backup.ts';
import { planDocumentOf } from './prediction.ts';
import { lvmbackup, sh, sha256, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterAll(() => on?.close());

const FILE = `version: 1
group: {name: B}
policies:
  weekly: {refreshAfter: 6d}
defaults:
  refreshAfter: 20h
  snapshot: {size: 100%ORIGIN, atLeast: 4MiB}
volumes:
  - {source: vm/*, exclude: [scratch*, full]}
  - {source: vm/archive, policy: weekly}
`;
const SIZE = 12 * MiB;

/** The sources that the plan copies now. */
async function due(lab: Lab): Promise<string[]> {
  const { actions } = await planDocumentOf(lab);
  return actions.flatMap((action) => (action.type === 'copy' ? [action.identity.source] : [])).sort();
}

async function daysLater(lab: Lab, days: number): Promise<void> {
  await sh(lab, `date -u -s "@$(($(date +%s) + ${days} * 86400))" > /dev/null`);
}

test.runIf(process.env.FULL !== undefined)(
  'what matches is backed up, each by its own policy, with as much of a snapshot as there is room for',
  async () => {
    on = await machine(
      [96, 80],
      `
    vgcreate -q vm /dev/vda
    for n in a archive b scratch1; do lvcreate -q -y -l 3 -n $n vm; head -c ${SIZE} /dev/urandom > /dev/vm/$n; done
    lvcreate -q -y -l 100%FREE -n full vm; lvreduce -q -y -l -2 vm/full
    vgcreate -q B /dev/vdb; sync
  `,
    );
    const lab = on;
    await lab.write('/root/backup.yaml', FILE);
    const shown = await lvmbackup(lab, 'plan', '-v');
    expect(shown.stdout, shown.stderr).toContain('vm/scratch1: excluded by the file');
    expect(await due(lab)).toEqual(['vm/a', 'vm/archive', 'vm/b']);
    const snapshots = (await planDocumentOf(lab)).actions.filter(({ type }) => type === 'snapshot.create');
    expect(snapshots.map((one) => 'extents' in one && one.extents)).toEqual([2, 2, 2]);
    await backUp(lab, FILE);
    for (const name of ['a', 'archive', 'b']) {
      expect(await backupDigest(lab, `B/${name}-backup`, SIZE), name).toBe(
        await sha256(lab, `/dev/vm/${name}`),
      );
    }
    expect((await volumes(lab)).filter((one) => /^B\/(scratch|full)/.test(one))).toEqual([]);

    await daysLater(lab, 1);
    expect(await due(lab)).toEqual(['vm/a', 'vm/b']);
    // A volume that matches since is one of them by itself.
    await sh(
      lab,
      'lvremove -q -y vm/scratch1; lvcreate -q -y -l 3 -n c vm; head -c 12582912 /dev/urandom > /dev/vm/c; sync',
    );
    expect(await due(lab)).toEqual(['vm/a', 'vm/b', 'vm/c']);
    await backUpAsWritten(lab);
    expect(await backupDigest(lab, 'B/c-backup', SIZE)).toBe(await sha256(lab, '/dev/vm/c'));

    await daysLater(lab, 6);
    expect(await due(lab)).toContain('vm/archive');
    await expectNothingLeft(lab);
  },
);
