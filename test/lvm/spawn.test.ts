import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { cleanEnvironment, endOf, reasonsOf, runCommand, streamCommand } from '../../src/lvm/spawn.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spawn-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An executable of one's own. */
function program(lines: readonly string[]): string {
  const path = join(folder, 'program');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

describe('the environment of a command', () => {
  test('has its own language, and nothing of the caller that LVM would listen to', () => {
    const given = {
      ...{ HOME: '/root', LANG: 'de_DE.UTF-8', LANGUAGE: 'de', LC_NUMERIC: 'de_DE.UTF-8', LC_ALL: 'fr_FR' },
      ...{ LVM_COMMAND_PROFILE: 'odd', LVM_VG_NAME: 'x', DM_ABORT_ON_INTERNAL_ERRORS: '1', PATH: '/evil' },
      LVM_SYSTEM_DIR: '/etc/other-lvm',
    };
    expect(cleanEnvironment(given)).toEqual({
      HOME: '/root',
      LC_ALL: 'C',
      LVM_SUPPRESS_FD_WARNINGS: '1',
      LVM_SYSTEM_DIR: '/etc/other-lvm',
      PATH: expect.stringMatching(/^\/usr\/local\/sbin:.*:\/bin$/),
    });
  });

  test('is the one that it really gets', async () => {
    process.env.LVM_COMMAND_PROFILE = 'odd';
    try {
      const { stdout } = await runCommand(['env']);
      expect(stdout).toMatch(/^LC_ALL=C$/m);
      expect(stdout).toMatch(/^LVM_SUPPRESS_FD_WARNINGS=1$/m);
      expect(stdout).not.toContain('LVM_COMMAND_PROFILE');
    } finally {
      delete process.env.LVM_COMMAND_PROFILE;
    }
  });
});

describe('a command', () => {
  test('tells its exit code and both of its outputs, each as it was written', async () => {
    const argv = [program(['echo "  out $1"', 'echo "  err $2" >&2', 'exit 5']), 'a b', '$(c)'];
    expect(await runCommand(argv)).toEqual({
      argv,
      exitCode: 5,
      signal: null,
      stdout: '  out a b\n',
      stderr: '  err $(c)\n',
    });
  });

  test('that a signal ends says which', async () => {
    const result = await runCommand([program(['kill -KILL $$'])]);
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(endOf(result)).toBe('SIGKILL');
    expect(endOf({ exitCode: 5, signal: null })).toBe('exit code 5');
  });

  test('that asks gets no answer', async () => {
    const { stdout } = await runCommand([
      program(['if read answer; then echo "got $answer"; else echo none; fi']),
    ]);
    expect(stdout).toBe('none\n');
  });

  test('leads a process group of its own, which no Ctrl-C at the terminal reaches', async () => {
    const { stdout } = await runCommand([program(['echo $$ $(ps -o pgid= -p $$)'])]);
    const [pid, group] = stdout.trim().split(/\s+/);
    expect(group).toBe(pid);
  });

  test('that is not installed is an error that says what to install', async () => {
    const run = runCommand(['lvm-that-is-not-there', 'fullreport']);
    await expect(run).rejects.toBeInstanceOf(UserError);
    await expect(run).rejects.toMatchObject({
      exitCode: 1,
      message: 'the program lvm-that-is-not-there is not there',
      hint: 'install it: apt-get install lvm2, or dnf install lvm2',
    });
  });

  test('that may not be executed is an error with the reason', async () => {
    const path = program(['exit 0']);
    chmodSync(path, 0o644);
    await expect(runCommand([path])).rejects.toThrow(/could not be started: .*EACCES/s);
  });
});

describe('a command with long output', () => {
  const going = new AbortController().signal;

  test('hands it over in pieces, and keeps none of it', async () => {
    let length = 0;
    const argv = [program(['head -c 300000000 /dev/zero', 'echo why >&2', 'exit 3'])];
    const take = (text: string) => {
      length += text.length;
    };
    const result = await streamCommand(argv, take, going);
    expect(length).toBe(300_000_000);
    expect(result).toEqual({ argv, exitCode: 3, signal: null, stdout: '', stderr: 'why\n' });
  });

  test('is over when the signal has ended it, and the reason of that is thrown', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const pids: number[] = [];
    const run = streamCommand(
      [program(['echo $$', 'exec sleep 1000'])],
      (text) => {
        pids.push(Number(text));
        stop.abort(reason);
      },
      stop.signal,
    );
    await expect(run).rejects.toBe(reason);
    expect(() => process.kill(pids[0] ?? 0, 0)).toThrow(/ESRCH/);
  });

  test('is over when its reader has thrown', async () => {
    const fault = new Error('no such format');
    let pid = 0;
    const run = streamCommand(
      [program(['echo $$', 'exec sleep 1000'])],
      (text) => {
        pid = Number(text);
        throw fault;
      },
      going,
    );
    await expect(run).rejects.toBe(fault);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test('is not started where the signal came before', async () => {
    const file = join(folder, 'started');
    const run = streamCommand([program([`touch ${file}`])], () => {}, AbortSignal.abort(new Error('stop')));
    await expect(run).rejects.toThrow('stop');
    expect(existsSync(file)).toBe(false);
  });

  test('that is not installed is an error that says what to install', async () => {
    await expect(streamCommand(['thin_delta-that-is-not-there'], () => {}, going)).rejects.toMatchObject({
      exitCode: 1,
      message: 'the program thin_delta-that-is-not-there is not there',
    });
  });
});

describe('the reasons of a failure', () => {
  test('are the lines of standard error, without what LVM says beside', () => {
    const stderr = [
      'File descriptor 10 (/dev/null) leaked on lvm invocation. Parent PID 1: bash',
      '  WARNING: Not all requested data could be read',
      '  Volume group "x" has insufficient free space (4 extents): 9 required.',
      '',
    ].join('\n');
    expect(reasonsOf({ stdout: '', stderr })).toEqual([
      'Volume group "x" has insufficient free space (4 extents): 9 required.',
    ]);
  });

  // Recorded from LVM 2.03.16 with log/report_command_log=1.
  const log = (type: string, message: string) => ({
    log_type: type,
    log_message: message,
    log_ret_code: '0',
  });

  test('are in the command log where LVM keeps one, and then nowhere else', () => {
    const stdout = JSON.stringify({
      report: [],
      log: [
        log('error', 'Volume group "nosuch" not found'),
        log('error', 'Cannot process volume group nosuch'),
        log('status', 'failure'),
      ],
    });
    const reasons = ['Volume group "nosuch" not found', 'Cannot process volume group nosuch'];
    expect(reasonsOf({ stdout, stderr: '' })).toEqual(reasons);
    expect(reasonsOf({ stdout, stderr: `  ${reasons[0]}\n` })).toEqual(reasons);
  });

  test('are in the command log as a table where the command writes no JSON', () => {
    const stdout = [
      '  Command Log',
      '  ===========',
      '  Seq LogType Context    ObjType ObjName Msg                             Errno RetCode',
      '    1 error   processing vg      nosuch  Volume group "nosuch" not found    -1       0',
      '    3 status  processing vg      nosuch  failure                            -1       5',
    ].join('\n');
    expect(reasonsOf({ stdout, stderr: '' })).toEqual([
      expect.stringMatching(/^Seq LogType/),
      expect.stringContaining('Volume group "nosuch" not found'),
    ]);
  });

  test('are never what a command writes when all is well', () => {
    expect(reasonsOf({ stdout: '  Logical volume "x" created.\n', stderr: '' })).toEqual([]);
    expect(reasonsOf({ stdout: '{"report": [], "log": 3}', stderr: '' })).toEqual([]);
  });
});
