import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { checkCanAskLvm, linksOf, stateOf } from '../../src/lvm/read-state.ts';
import type { CommandResult, RunCommand } from '../../src/lvm/spawn.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import { fixtureText } from '../helpers/fixtures.ts';

const NOW = new Date('2026-11-23T09:00:00.123Z');

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'state-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('LVM can be asked', () => {
  const control = () => {
    const path = join(folder, 'control');
    writeFileSync(path, '');
    return path;
  };

  test('by root on a kernel with device-mapper', () => {
    expect(() => checkCanAskLvm({ uid: 0, control: control() })).not.toThrow();
  });

  test('not by anyone else, and the way out needs no root', () => {
    const check = () => checkCanAskLvm({ uid: 1000, control: control() });
    expect(check).toThrow('LVM shows its state to root only');
    expect(check).toThrow(
      expect.objectContaining({ exitCode: 1, hint: expect.stringContaining('lvmbackup plan --state FILE') }),
    );
  });

  test('not without device-mapper, and the way out names its module', () => {
    const path = join(folder, 'nothing');
    const check = () => checkCanAskLvm({ uid: 0, control: path });
    expect(check).toThrow(`this kernel has no device-mapper for LVM (${path}: it is missing)`);
    expect(check).toThrow(
      expect.objectContaining({ exitCode: 1, hint: expect.stringContaining('modprobe dm-mod') }),
    );
  });
});

type Answer = Partial<Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr'>>;

/** The guide's machine, with what some commands answer instead. */
function guide(answers: Record<string, Answer> = {}): { run: RunCommand; asked: string[] } {
  const asked: string[] = [];
  const usual: Record<string, Answer> = {
    'lvm fullreport': { stdout: fixtureText('guide/fullreport.json') },
    'lvm version': { stdout: '  LVM version:     2.03.16(2) (2022-05-18)\n  Library version: 1.02.185\n' },
    'lvm systemid': { stdout: '  system ID: \n' },
    lsblk: { stdout: fixtureText('guide/lsblk.json') },
    blkid: { exitCode: 2 },
    wipefs: { stdout: fixtureText('probes/blank.wipefs.json') },
    ...answers,
  };
  const run: RunCommand = async (argv) => {
    asked.push(argv.join(' '));
    const answer = usual[argv.slice(0, 2).join(' ')] ?? usual[argv[0] ?? ''];
    return { argv, exitCode: 0, signal: null, stdout: '', stderr: '', ...answer };
  };
  return { run, asked };
}

describe('the live state', () => {
  test('is what the commands said, with the version of LVM and the time', async () => {
    const { run, asked } = guide();
    const state = await stateOf({ run, now: NOW, devices: [] });
    expect(state).toMatchObject({
      formatVersion: '1.0',
      createdAt: '2026-11-23T09:00:00Z',
      lvmVersion: '2.03.16',
      systemId: null,
    });
    expect([...inventoryOf(JSON.parse(JSON.stringify(state))).groups.keys()]).toEqual(['VolGroupSSD']);
    expect(asked.filter((command) => command.startsWith('lvm fullreport'))).toHaveLength(1);
    expect(asked.join('\n')).not.toMatch(/blkid|wipefs/);
  });

  test.each([
    ['is missing', (report: string) => report.replace('"/dev/vda"', '"[unknown]"')],
    ['is unknown with all of its group', () => '{"report": []}'],
  ])('is read again where a device %s: LVM looks only where it noted its devices', async (_, damage) => {
    const report = fixtureText('guide/fullreport.json');
    const { run, asked } = guide({
      'lvm fullreport': { stdout: damage(report) },
      // The first of them is /dev/vda.
      lsblk: { stdout: fixtureText('guide/lsblk.json').replace('"fstype": null', '"fstype": "LVM2_member"') },
    });
    const healing: RunCommand = async (argv) => {
      const answer = await run(argv);
      const noted = asked.includes('pvscan --cache');
      return argv[1] === 'fullreport' && noted ? { ...answer, stdout: report } : answer;
    };
    const state = await stateOf({ run: healing, now: NOW, devices: [] });
    expect(asked.filter((command) => command.startsWith('lvm fullreport'))).toHaveLength(2);
    expect(state.fullreport).toEqual(JSON.parse(report));
  });

  test.each([
    ['beside the report', (line: string): Answer => ({ stderr: `  WARNING: ${line}\n` })],
    [
      'in its log',
      (line: string): Answer => {
        const report = JSON.parse(fixtureText('guide/fullreport.json'));
        return { stdout: JSON.stringify({ ...report, log: [{ log_type: 'print', log_message: line }] }) };
      },
    ],
  ])('knows what LVM calls outdated, said %s, and looks into it', async (_, said) => {
    const line = 'outdated PV /dev/vdb1 seqno 7 has been removed in current VG VolGroupSSD seqno 9.';
    const report = { stdout: fixtureText('guide/fullreport.json') };
    const { run } = guide({ 'lvm fullreport': { ...report, ...said(line) } });
    const state = await stateOf({ run, now: NOW, devices: [] });
    expect(state.outdated).toEqual([{ device: '/dev/vdb1', group: 'VolGroupSSD' }]);
    expect(Object.keys(state.probes)).toEqual(['/dev/vdb1']);
  });

  test('looks into the devices that the file names, where they are there', async () => {
    const { run, asked } = guide();
    const state = await stateOf({ run, now: NOW, devices: ['/dev/vdb1', '/dev/vdz9', '/dev/vdb1'] });
    expect(Object.keys(state.probes)).toEqual(['/dev/vdb1']);
    expect(asked.filter((command) => command.includes('vdb1'))).toHaveLength(2);
  });

  test('looks into every disk and partition where it is to be written down, never into a volume', async () => {
    const { run } = guide();
    const state = await stateOf({ run, now: NOW, devices: 'all' });
    expect(Object.keys(state.probes).sort()).toEqual(['/dev/vda', '/dev/vdb', '/dev/vdb1', '/dev/vdb2']);
  });

  test("knows the machine's system ID", async () => {
    const { run } = guide({ 'lvm systemid': { stdout: '  system ID: backuphost\n' } });
    expect((await stateOf({ run, now: NOW, devices: [] })).systemId).toBe('backuphost');
  });

  test.each<[command: string, answer: Answer, message: RegExp]>([
    [
      'lvm fullreport',
      { exitCode: 5, stderr: '  Failed to lock\n  Giving up\n' },
      /^lvm fullreport gave no report \(exit code 5\): Failed to lock; Giving up$/,
    ],
    [
      'lvm fullreport',
      {
        exitCode: 5,
        stdout: '{"report": [], "log": [{"log_type": "error", "log_message": "Metadata is damaged"}]}',
      },
      /^lvm fullreport gave no report \(exit code 5\): Metadata is damaged$/,
    ],
    ['lvm fullreport', { stdout: '{"report": [' }, /^lvm fullreport gave no report \(exit code 0\)$/],
    ['lsblk', { exitCode: 1, stderr: 'lsblk: unknown column: X' }, /^lsblk gave no report .*unknown column/],
  ])('is an error with the reasons where %s fails with %j', async (command, answer, message) => {
    const { run } = guide({ [command]: answer });
    const read = stateOf({ run, now: NOW, devices: [] });
    await expect(read).rejects.toBeInstanceOf(UserError);
    await expect(read).rejects.toMatchObject({ exitCode: 1, message: expect.stringMatching(message) });
  });
});

describe('another name of a device', () => {
  test('leads to the path that LVM and lsblk use, also where that is a link itself', async () => {
    // As udev makes it: the mapper name and the names of the disk all lead to the node dm-0.
    const [node, mapper, byId] = ['dm-0', 'mapper-crypt', 'by-id-crypt'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(node, '');
    symlinkSync('dm-0', mapper);
    symlinkSync('dm-0', byId);
    expect(await linksOf([byId, mapper, node], [mapper])).toEqual({ [byId]: mapper, [node]: mapper });
  });

  test('leads to the node itself where lsblk does not list it, and nowhere where it is broken', async () => {
    mkdirSync(join(folder, 'd'));
    symlinkSync('d', join(folder, 'link'));
    symlinkSync('gone', join(folder, 'broken'));
    expect(await linksOf([join(folder, 'link'), join(folder, 'broken'), '/dev/nothing'], [])).toEqual({
      [join(folder, 'link')]: join(folder, 'd'),
    });
  });
});
