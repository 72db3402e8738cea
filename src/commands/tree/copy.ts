/** The copy engine by itself. */
import type { Command } from 'commander';
import { command, type Surroundings } from './command.ts';
import { approveOption, formatOption, readErrorOption, verifyOption } from './options.ts';

export function copyCommands(root: Command, { io, version, done }: Surroundings): void {
  command(root, 'copy', 'copy one device or file to another: in full, or only what changed', [
    'lvmbackup copy /dev/vg/disk /srv/disk.img',
    'lvmbackup copy /dev/vg/disk /srv/disk.img --manifest /srv/disk.manifest',
    'lvmbackup copy disk.img /dev/disk/by-id/usb-spare --verify full --rate 50MiB/s',
  ])
    .argument('<source>', 'a block device or a file')
    .argument('<target>', 'a block device, or a file, which is made where it is missing')
    .option('--manifest <file>', 'what the target holds: read where it is there, and written')
    .option('--list <file>', 'look only at these ranges: a start and a length a line, in bytes')
    .addOption(verifyOption())
    .option('--rate <rate>', 'at most so much, as 50MiB/s')
    .addOption(readErrorOption())
    .addOption(approveOption('do not ask before the target is written over'))
    .addOption(formatOption(['text', 'json']))
    .action(async (source, target, options) =>
      done(await (await import('../copy.ts')).copyCommand(source, target, options, io, version)),
    );
}
