/** A machine from its first file to its first bad night, as its administrator reads it: init, status, history, diff. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareGuide } from './guide-machine.ts';
import { lvmbackup, PROGRAM, seqnos, sh } from './tool.ts';
import type { Lab } from './vm.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await prepareGuide();
  await lab.ok('rm', '/root/backup.yaml');
  // As on a machine that systemd was booted on, with something that listens to its log.
  await sh(lab, 'mkdir -p /run/systemd/system; busybox syslogd -O /root/journal');
});
afterAll(() => lab?.close());

const ROOT = 'VolGroupBackupDisk/lvolroot-backup';

interface SourceShown {
  readonly source: string;
  readonly state: string;
  readonly reason: string;
  readonly damaged: number;
}

async function status() {
  const { exitCode, stdout, stderr } = await lvmbackup(lab, 'status', '--format', 'json');
  expect(stderr).toBe('');
  const document = JSON.parse(stdout);
  const states = document.sources.map(({ state }: SourceShown) => state);
  const reasons = document.sources.map(({ reason }: SourceShown) => reason).join('\n');
  return { exitCode, document, states, reasons };
}

test('init asks where the backups are to go, writes a file that validates and plans, and never writes over it', async () => {
  const before = await seqnos(lab);
  const asked = lab.tty([process.execPath, PROGRAM, 'init', '--group', 'VolGroupBackupDisk'], {
    cwd: '/root',
  });
  await asked.until(/Number \(1\)/);
  asked.input('9\n');
  await asked.until(/There is no "9"/);
  asked.input('1\n');
  const { exitCode, stdout } = await asked.wait();
  expect(stdout).toContain('a new group VolGroupBackupDisk on /dev/vdb2, 300.0 MiB');
  expect(exitCode, stdout).toBe(0);
  const file = await lab.ok('cat', '/root/backup.yaml');
  expect(file).toContain('devices: [/dev/vdb2]');
  expect(file).toContain('lend: /dev/vdb1');
  expect((await lvmbackup(lab, 'plan')).exitCode).toBe(0);
  const again = await lvmbackup(lab, 'init');
  expect(again.exitCode).toBe(4);
  expect(again.stderr).toContain('backup.yaml exists already');
  expect(await seqnos(lab)).toBe(before);
});

test('before the first run: none, exit 7; wrong input is wrong', async () => {
  expect(await status()).toMatchObject({ exitCode: 7, states: ['none', 'none'] });
  expect((await lvmbackup(lab, 'status', '-f', 'nowhere.yaml')).exitCode).toBe(3);
});

test('after it: ok, exit 0, what was written, a word in the journal, a file for Prometheus', async () => {
  const { exitCode, stdout } = await lvmbackup(lab, 'apply', '-y');
  expect(exitCode, stdout).toBe(0);
  const { document, ...fine } = await status();
  expect(fine).toMatchObject({ exitCode: 0, states: ['ok', 'ok'] });
  expect(document.sources[0]).toMatchObject({ points: 1, from: 'tags', last: { result: 'complete' } });
  expect(document.sources[0].last.bytesWritten).toBeGreaterThan(0);
  expect(await lab.ok('cat', '/root/journal')).toMatch(
    /lvmbackup: backup to VolGroupBackupDisk: done \(exit 0\)/,
  );
  expect(await lab.ok('stat', '-c', '%a', '/var/lib/lvmbackup/history.jsonl')).toBe('600\n');
  await lvmbackup(lab, 'status', '--format', 'prometheus', '--out', '/root/lvmbackup.prom');
  expect(await lab.ok('cat', '/root/lvmbackup.prom')).toMatch(
    /^lvmbackup_source_state\{group="VolGroupBackupDisk",source="VolGroupSSD\/lvolroot",state="ok"\} 1$/m,
  );
});

test('a copy that was found damaged is none, and an old one is late', async () => {
  await lab.ok('lvchange', '-q', '--addtag', 'lvmbackup.verified=2026-11-23T09:15:00Z:damaged', ROOT);
  const damaged = await status();
  expect(damaged).toMatchObject({
    exitCode: 7,
    reasons: expect.stringContaining('its newest copy is damaged'),
  });
  await lab.ok('lvchange', '-q', '--deltag', 'lvmbackup.verified=2026-11-23T09:15:00Z:damaged', ROOT);
  const tags = await lab.ok('lvs', '--noheadings', '-o', 'lv_tags', ROOT);
  const [, time = ''] = /lvmbackup\.time=([^,\s]+)/.exec(tags) ?? [];
  await sh(
    lab,
    `lvchange -q --deltag lvmbackup.time=${time} --addtag lvmbackup.time=2020-01-01T00:00:00Z ${ROOT}`,
  );
  const late = await status();
  expect(late.exitCode).toBe(7);
  expect(late.states).toContain('late');
});

test('a run that is refused is remembered with its reason; a leftover of a dead one is named', async () => {
  await sh(lab, 'cd /root; cp backup.yaml good.yaml; sed -i "s#lend: /dev/vdb1#lend: /dev/vdz#" backup.yaml');
  const refused = await lvmbackup(lab, 'apply', '-y');
  expect(refused.exitCode).toBe(4);
  const failed = await status();
  expect(failed.states.toSorted()).toEqual(['late', 'ok']);
  expect(failed.reasons).toContain('device-missing');
  expect(await lab.ok('cat', '/root/journal')).toMatch(/refused \(exit 4\): .*device-missing/);
  await sh(
    lab,
    `mv /root/good.yaml /root/backup.yaml
    lvcreate -q -y -l 1 -n left --addtag lvmbackup --addtag lvmbackup.run=20261123T091500Z VolGroupBackupDisk`,
  );
  const { document } = await status();
  expect(document.leftovers).toMatchObject([
    { target: 'VolGroupBackupDisk/left', reason: 'left by the run of 20261123T091500Z, which is dead' },
  ]);
  expect((await lvmbackup(lab, 'apply', '-y')).exitCode).toBe(0);
  expect(await status()).toMatchObject({ exitCode: 0, states: ['ok', 'ok'], document: { leftovers: [] } });
  const { runs } = JSON.parse((await lvmbackup(lab, 'status', '--history', '--format', 'json')).stdout);
  expect(runs.map(({ result }: { result: string }) => result)).toEqual(['done', 'refused', 'done']);
});

test('a change of the file, with the actions on the machine as it was recorded; nothing is changed', async () => {
  await lvmbackup(lab, 'state', '--out', 'state.json');
  await sh(
    lab,
    'cd /root; sed "s/size: 100%ORIGIN/size: 50%ORIGIN/; s/refreshAfter: 20h/refreshAfter: 1s/" backup.yaml > new.yaml',
  );
  const before = await seqnos(lab);
  const diff = await lvmbackup(lab, 'diff', 'backup.yaml', 'new.yaml', '--state', 'state.json');
  expect(diff.exitCode, diff.stderr).toBe(0);
  expect(diff.stdout).toContain('snapshot.size changed from 100%ORIGIN to 50%ORIGIN');
  expect(diff.stdout).toContain('+ warning may-overflow');
  expect(await seqnos(lab)).toBe(before);
});
