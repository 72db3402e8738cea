/** The way of a backup: the file, the plan, the run. */
import type { Command } from 'commander';
import { command, type Surroundings } from './command.ts';
import { approveOption, fileOption, formatOption, onlyOption, stateDirOption } from './options.ts';

export function backupCommands(root: Command, { io, version, done }: Surroundings): void {
  command(root, 'validate', 'check the file alone', [
    'lvmbackup validate -f backup.yaml',
    'lvmbackup validate --format github',
  ])
    .addOption(fileOption())
    .addOption(formatOption(['text', 'json', 'github']))
    .action(async (options) => done((await import('../validate.ts')).validate(options, io)));

  command(root, 'plan', 'show what apply would do; changes nothing', [
    'lvmbackup plan',
    'lvmbackup plan -v --diff',
    'lvmbackup plan --out tonight.plan && lvmbackup apply tonight.plan',
    'lvmbackup plan --state state.json --format markdown',
  ])
    .addOption(fileOption())
    .option(
      '--state <file>',
      'plan against a recorded state (lvmbackup state, or lvm fullreport): needs no root and no LVM',
    )
    .option('--out <plan>', 'save the plan, for apply PLAN')
    .option('--detailed-exitcode', 'exit with 2 where there are changes')
    .addOption(onlyOption())
    .option('--diff', 'also the layout before and after, as a unified diff')
    .option(
      '-v, --verbose',
      'also the exact commands, each restore point with what becomes of it, and what patterns left out',
    )
    .addOption(formatOption(['text', 'json', 'markdown']))
    .action(async (options) => done(await (await import('../plan.ts')).plan(options, io)));

  command(root, 'apply', 'plan, show, ask, and do exactly what was shown', [
    'lvmbackup apply',
    'lvmbackup apply -y --only VolGroupSSD/lvolroot',
    'lvmbackup apply tonight.plan',
    'lvmbackup apply -y --allow-remove',
  ])
    .argument('[plan]', 'a plan that plan --out saved: needs no question')
    .addOption(fileOption())
    .addOption(approveOption())
    .option(
      '--allow-remove',
      'remove backup volumes beyond keep.last without asking for each by name; needed where nobody can be asked',
    )
    .addOption(onlyOption())
    .addOption(stateDirOption())
    .addOption(formatOption(['text', 'json']))
    .action(async (plan, options) =>
      done(
        await (await import('../apply.ts')).apply(
          { ...options, ...(plan === undefined ? {} : { plan }) },
          io,
          version,
        ),
      ),
    );
}
