/** What looks after backup volumes between runs. */
import type { Command } from 'commander';
import { command, type Surroundings } from './command.ts';
import { formatOption } from './options.ts';

export function careCommands(root: Command, { io, version, done }: Surroundings): void {
  command(root, 'recover', 'put right what a run left that was killed, from the tags alone', [
    'sudo lvmbackup recover',
    'sudo lvmbackup recover --format json',
  ])
    .addOption(formatOption(['text', 'json']))
    .action(async (options) => done(await (await import('../recover.ts')).recover(options, io, version)));

  command(root, 'adopt', 'take an existing volume over as a backup volume; what it holds is given up', [
    'lvmbackup adopt VolGroupBackupDisk/root --source VolGroupSSD/lvolroot',
  ])
    .argument('<volume>', 'the volume, as VG/LV')
    .requiredOption('--source <source>', 'whose backup it will hold, as VG/LV')
    .action(async (volume, options) => done(await (await import('../adopt.ts')).adopt(volume, options, io)));
}
