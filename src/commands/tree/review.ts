/** What shows how things stand, and what a change of the file would change. Nothing here changes a machine. */
import type { Command } from 'commander';
import { STATE_FOLDER } from '../state-folder.ts';
import { command, type Surroundings } from './command.ts';
import { fileOption, formatOption } from './options.ts';

export function reviewCommands(root: Command, { io, done }: Surroundings): void {
  command(
    root,
    'status',
    'tell how old each backup is, what came of the last run, what dead runs left; exits with 7 where something needs a look',
    [
      'sudo lvmbackup status',
      'sudo lvmbackup status --history',
      'sudo lvmbackup status --format prometheus --out /var/lib/prometheus/node-exporter/lvmbackup.prom',
      'lvmbackup status --state state.json --format json',
    ],
  )
    .addOption(fileOption())
    .option('--state <file>', 'of a recorded machine, as it stood then: needs no root and no LVM')
    .option('--history', 'the runs instead, the newest first')
    .option('--state-dir <folder>', `where the history is (default: ${STATE_FOLDER})`)
    .option('--out <file>', 'write it to a file, whole or not at all')
    .addOption(formatOption(['text', 'json', 'prometheus']))
    .action(async (options) => done(await (await import('../status.ts')).status(options, io)));

  command(root, 'diff', 'tell what a change of the file changes: settings, room, points, and the actions', [
    'lvmbackup diff old.yaml backup.yaml',
    'git show main:backup.yaml | lvmbackup diff - backup.yaml',
    'lvmbackup diff old.yaml backup.yaml --state state.json --format markdown',
  ])
    .argument('<old>', 'the file as it was; - is standard input')
    .argument('<new>', 'the file as it is to be')
    .option('--state <file>', 'also what that changes on a recorded machine (lvmbackup state)')
    .addOption(formatOption(['text', 'json', 'markdown']))
    .action(async (old, now, options) =>
      done(await (await import('../diff.ts')).diff(old, now, options, io)),
    );

  command(root, 'init', 'write a first backup.yaml from the machine; never writes over a file', [
    'sudo lvmbackup init',
    'sudo lvmbackup init --group VolGroupBackupDisk -f -',
    'lvmbackup init --state state.json -f backup.yaml',
  ])
    .option('-f, --file <file>', 'the file to write; - is standard output', 'backup.yaml')
    .option('--group <name>', 'the group for the backups: one that is there, or the name of a new one')
    .option('--state <file>', 'from a recorded machine: needs no root and no LVM')
    .action(async (options) => done(await (await import('../init.ts')).init(options, io)));
}
