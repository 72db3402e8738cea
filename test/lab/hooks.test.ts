/** Hooks on real LVM: what they see, and how they end, whatever happens to the run around them. */
import { afterEach, expect, test } from 'vitest';
import { expectNothingLeft, machine } from './backup.ts';
import { lvmbackup, PROGRAM, sh, volumes } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterEach(() => on?.close());

/** Writes who it is and how many snapshots there are; then does what its second argument says. */
const SCRIPT = `#!/bin/sh
echo "$LVMBACKUP_HOOK $LVMBACKUP_UNIT$1 \${LVMBACKUP_RESULT:-} $(ls /dev/S | grep -c snap)" | tr -s ' ' >> /root/log
echo "hello from $LVMBACKUP_HOOK"
eval "$2"
`;

const hooks = (before = 'true') =>
  `{before: [[/root/hook, '', '${before}']], after: [[/root/hook]], onSuccess: [[/root/hook]], onFailure: [[/root/hook]], timeout: 20s}`;

const fileWith = (set: string, mail: string) => `version: 1
group: {name: B}
sets: {pg: {hooks: ${set}}}
volumes:
  - {source: S/data, set: pg}
  - {source: S/wal, set: pg, hooks: {before: [[/root/hook, '+']], after: [[/root/hook, '+']]}}
  - {source: S/mail, hooks: ${mail}}
`;

async function diary(lab: Lab): Promise<string[]> {
  const text = await sh(lab, 'cat /root/log; : > /root/log');
  return text.trim().split('\n');
}

async function setUp(): Promise<Lab> {
  const lab = await machine(
    [100, 100],
    `
    vgcreate -q S /dev/vda; vgcreate -q B /dev/vdb
    for name in data wal mail other; do lvcreate -q -y -l 3 -n $name S; done
  `,
  );
  await lab.write('/root/hook', SCRIPT, 0o755);
  return lab;
}

const state = async (lab: Lab, name: string) =>
  (await volumes(lab)).find((line) => line.startsWith(`B/${name}-backup`));

test.runIf(process.env.FULL)(
  'hooks are run at their places; one that fails or takes too long costs its own source alone',
  async () => {
    on = await setUp();
    const lab = on;
    await lab.write('/root/backup.yaml', fileWith(hooks(), hooks()));
    const done = await lvmbackup(lab, 'apply', '-y', '--format', 'json');
    expect(done.exitCode, done.stdout).toBe(0);
    expect(await diary(lab)).toEqual([
      'before set pg 0',
      'before S/wal+ 0',
      'after S/wal+ 2',
      'after set pg 2',
      'onSuccess set pg complete 0',
      'before S/mail 0',
      'after S/mail 1',
      'onSuccess S/mail complete 0',
    ]);
    const lines = done.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    expect(lines.filter(({ type }) => type === 'action.output').map(({ line }) => line)).toContain(
      'hello from before',
    );
    expect(lines.at(-1).sets).toEqual([{ unit: 'set pg', snapshots: 2, seconds: expect.any(Number) }]);

    // The set's hook fails, that of mail takes too long: the third source is backed up all the same.
    const late = hooks('sleep 600 & sleep 600').replace('20s', '2s');
    const file = `${fileWith(hooks('exit 7'), late)}  - source: S/other\n`;
    await lab.write('/root/backup.yaml', file);
    const failed = await lvmbackup(lab, 'apply', '-y');
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain('(exit code 7)');
    expect(failed.stderr).toContain('| hello from before');
    expect(failed.stderr).toContain('took longer than 2 s');
    expect(failed.stdout).toMatch(/S\/wal -> B\/wal-backup: failed/);
    expect(await diary(lab)).toEqual([
      'before set pg 0',
      'after set pg 0',
      'onFailure set pg failed 0',
      'before S/mail 0',
      'after S/mail 0',
      'onFailure S/mail failed 0',
    ]);
    expect((await lab.run(['pgrep', '-x', 'sleep'])).stdout).toBe('');
    await expectNothingLeft(lab);
    expect(await state(lab, 'wal')).toContain('state=complete');
    expect(await state(lab, 'other')).toContain('state=complete');
  },
);

// Long under emulation; test/apply has the same with processes of its own in each run.
test.runIf(process.env.FULL)(
  'a Ctrl-C does not reach a hook, what was stopped is started; a killed run holds the lock until its hook is gone',
  async () => {
    on = await setUp();
    const lab = on;
    await lab.write('/root/backup.yaml', fileWith(hooks('sleep 4; echo lived >> /root/log'), hooks()));
    const job = lab.tty([process.execPath, PROGRAM, 'apply', '-y'], { cwd: '/root' });
    await job.until(/hello from before/);
    job.input('\x03');
    expect((await job.wait()).exitCode).toBe(130);
    expect(await diary(lab)).toEqual([
      'before set pg 0',
      'lived',
      'after set pg 0',
      'onFailure set pg interrupted 0',
    ]);
    await expectNothingLeft(lab);

    await lab.write(
      '/root/backup.yaml',
      fileWith(hooks('while [ ! -e /root/go ]; do sleep 0.2; done'), hooks()),
    );
    const killed = lab.start([process.execPath, PROGRAM, 'apply', '-y'], { cwd: '/root' });
    await killed.until(/hello from before/);
    killed.kill('SIGKILL');
    await killed.wait();
    expect((await lvmbackup(lab, 'recover')).exitCode).toBe(6);
    await sh(lab, 'touch /root/go; while pgrep -x hook; do sleep 0.2; done');
    expect((await lvmbackup(lab, 'recover')).exitCode).toBe(0);
    await expectNothingLeft(lab);
  },
);
