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
}
