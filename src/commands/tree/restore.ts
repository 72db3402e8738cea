/** What a backup is for. */
import type { Command } from 'commander';
import { command, type Surroundings } from './command.ts';
import { approveOption, fileNamedOption, formatOption, pointOption, stateDirOption } from './options.ts';

const WHOSE = 'whose point: VG/LV or the device, as `lvmbackup points` shows it';

export function restoreCommands(root: Command, { io, version, done }: Surroundings): void {
  command(root, 'points', 'list every restore point that the tags tell of; needs no file', [
    'lvmbackup points',
    'lvmbackup points --group VolGroupBackupDisk --format json',
  ])
    .option('--group <name>', 'of this backup group only')
    .addOption(fileNamedOption())
    .addOption(formatOption(['text', 'json']))
    .action(async (options) => done(await (await import('../points.ts')).points(options, io)));

  command(root, 'restore', 'copy a restore point back, shown and confirmed as a plan is', [
    'lvmbackup restore VolGroupSSD/lvolhome',
    'lvmbackup restore VolGroupSSD/lvolhome --point 2026-11-23T09:15:00Z --to VolGroupSSD/lvolhome-old',
    'lvmbackup restore VolGroupSSD/lvolroot --out restore.plan && lvmbackup apply restore.plan',
  ])
    .argument('<source>', WHOSE)
    .addOption(pointOption())
    .option('--to <target>', 'write to this volume (VG/LV) instead of the source; a missing one is made')
    .addOption(fileNamedOption())
    .option('--out <plan>', 'save the plan, for apply PLAN, and do nothing')
    .option('--diff', 'also the layout before and after, as a unified diff')
    .option('-v, --verbose', 'also the exact commands')
    .addOption(approveOption())
    .addOption(stateDirOption())
    .addOption(formatOption(['text', 'json', 'markdown']))
    .action(async (source, options) =>
      done(await (await import('../restore.ts')).restore(source, options, io, version)),
    );

  command(
    root,
    'verify',
    'read restore points again and hold them against their digests; 7 where one is damaged',
    [
      'lvmbackup verify',
      'lvmbackup verify VolGroupSSD/lvolhome --format json',
      'lvmbackup verify --sample 5%',
    ],
  )
    .argument('[source...]', 'whose points, or the volume of one (default: all)')
    .addOption(fileNamedOption())
    .option('--sample <percent>', 'only so much of each, chosen by chance, as 5%')
    .addOption(stateDirOption())
    .addOption(formatOption(['text', 'json']))
    .action(async (sources, options) =>
      done(await (await import('../verify.ts')).verify(sources, options, io)),
    );

  command(root, 'mount', "mount a restore point's file system read-only, safe beside its origin", [
    'lvmbackup mount VolGroupSSD/lvolhome /mnt/old',
    'lvmbackup mount VolGroupSSD/lvolhome /mnt/old --point 2026-11-23T09:15:00Z',
  ])
    .argument('<source>', WHOSE)
    .argument('<dir>', 'where; it is made if it is missing')
    .addOption(pointOption())
    .addOption(fileNamedOption())
    .addOption(formatOption(['text', 'json']))
    .action(async (source, dir, options) =>
      done(await (await import('../mount.ts')).mount(source, dir, options, io)),
    );

  command(root, 'umount', 'end what mount began', ['lvmbackup umount /mnt/old'])
    .argument('<dir>', 'where it is mounted')
    .addOption(formatOption(['text', 'json']))
    .action(async (dir, options) => done(await (await import('../mount.ts')).umount(dir, options, io)));
}
