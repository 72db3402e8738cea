/** The command tree: flags to typed options, each command with examples, every error to its exit code. */
import { Command, CommanderError, Option } from 'commander';
import { ExitCode, UserError } from '../errors.ts';
import { escaped } from '../views/printable.ts';
import { type Io, processIo } from './io.ts';
import { STATE_FOLDER } from './state-folder.ts';

export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  const io = processIo(argv.includes('--no-color'));
  let exitCode: number = ExitCode.done;
  const done = (code: number) => {
    exitCode = code;
  };
  try {
    await program(io, version, done).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return codeOf(error, argv, io);
  }
}

function program(io: Io, version: string, done: (code: number) => void): Command {
  const root = new Command('lvmbackup')
    .description(
      'Declarative backups by LVM snapshot: describe them in backup.yaml, read the plan, apply exactly that.',
    )
    .version(version, '-V, --version', 'print the version')
    .option('--no-color', 'plain text, also on a terminal')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText('after', examples(['lvmbackup validate', 'lvmbackup plan', 'lvmbackup apply']));

  command(root, 'validate', 'check the file alone', [
    'lvmbackup validate -f backup.yaml',
    'lvmbackup validate --format github',
  ])
    .addOption(fileOption())
    .addOption(format(['text', 'json', 'github']))
    .action(async (options) => done((await import('./validate.ts')).validate(options, io)));

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
    .option('--only <source>', 'only this source; may be repeated', collect, [])
    .option('--diff', 'also the layout before and after, as a unified diff')
    .option('-v, --verbose', 'also the exact commands, and what patterns left out')
    .addOption(format(['text', 'json', 'markdown']))
    .action(async (options) => done(await (await import('./plan.ts')).plan(options, io)));

  command(root, 'apply', 'plan, show, ask, and do exactly what was shown', [
    'lvmbackup apply',
    'lvmbackup apply -y --only VolGroupSSD/lvolroot',
    'lvmbackup apply tonight.plan',
  ])
    .argument('[plan]', 'a plan that plan --out saved: needs no question')
    .addOption(fileOption())
    .option('-y, --auto-approve', 'do not ask')
    .option('--only <source>', 'only this source; may be repeated', collect, [])
    .addOption(stateDirOption())
    .addOption(format(['text', 'json']))
    .action(async (plan, options) =>
      done(
        await (await import('./apply.ts')).apply(
          { ...options, ...(plan === undefined ? {} : { plan }) },
          io,
          version,
        ),
      ),
    );

  command(root, 'recover', 'put right what a run left that was killed, from the tags alone', [
    'sudo lvmbackup recover',
    'sudo lvmbackup recover --format json',
  ])
    .addOption(format(['text', 'json']))
    .action(async (options) => done(await (await import('./recover.ts')).recover(options, io, version)));

  command(root, 'state', 'write the live state as JSON, for plan --state on another machine', [
    'sudo lvmbackup state --out state.json',
  ])
    .option('--out <file>', 'write it to a file')
    .action(async (options) => done(await (await import('./state.ts')).state(options, io)));

  command(root, 'adopt', 'take an existing volume over as a backup volume; what it holds is given up', [
    'lvmbackup adopt VolGroupBackupDisk/root --source VolGroupSSD/lvolroot',
  ])
    .argument('<volume>', 'the volume, as VG/LV')
    .requiredOption('--source <source>', 'whose backup it will hold, as VG/LV')
    .action(async (volume, options) => done(await (await import('./adopt.ts')).adopt(volume, options, io)));

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
    .option('-y, --auto-approve', 'do not ask before the target is written over')
    .addOption(format(['text', 'json']))
    .action(async (source, target, options) =>
      done(await (await import('./copy.ts')).copyCommand(source, target, options, io, version)),
    );

  command(root, 'schema', 'print a JSON Schema, or the names of all', [
    'lvmbackup schema backup > backup.schema.json',
  ])
    .argument('[name]', 'which one')
    .action(async (name) => done((await import('./schema.ts')).schema(name, io)));

  return root;
}

function command(root: Command, name: string, description: string, lines: readonly string[]): Command {
  return root.command(name).description(description).addHelpText('after', examples(lines));
}

function fileOption(): Option {
  return new Option(
    '-f, --file <file>',
    'the file; - is standard input (default: backup.yaml, else /etc/lvmbackup/backup.yaml)',
  );
}

function stateDirOption(): Option {
  return new Option('--state-dir <folder>', 'where is remembered what backup volumes hold').default(
    STATE_FOLDER,
  );
}

function verifyOption(): Option {
  return new Option('--verify <level>', 'what is read back: nothing, what was written, or all')
    .choices(['none', 'written', 'full'])
    .default('written');
}

function readErrorOption(): Option {
  return new Option(
    '--on-read-error <what>',
    'where the source cannot be read: stop, or skip and write zeros',
  )
    .choices(['stop', 'skip'])
    .default('stop');
}

function format(choices: readonly string[]): Option {
  return new Option('--format <format>', 'how the result is written').choices(choices).default('text');
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Expected errors are told as messages; anything else is a defect, and keeps its stack. */
function codeOf(error: unknown, argv: readonly string[], io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.badInput;
  const json = argv.some(
    (word, index) => word === '--format=json' || (word === '--format' && argv[index + 1] === 'json'),
  );
  if (error instanceof UserError) {
    const { message, hint, exitCode } = error;
    if (json) io.out(errorLine({ message, hint, exitCode }));
    else io.err(errorText(escaped(message), hint === undefined ? null : escaped(hint), io));
    return exitCode;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  io.err(`${io.errStyle.red('defect:')} lvmbackup met something that it does not know.\n${stack}\n`);
  return ExitCode.failed;
}

function errorText(message: string, hint: string | null, { errStyle }: Io): string {
  const below = hint === null ? '' : `${errStyle.cyan('hint:')} ${hint}\n`;
  return `${errStyle.red('error:')} ${message}.\n${below}`;
}

function errorLine(error: { message: string; hint: string | undefined; exitCode: number }): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ formatVersion: '1.0', type: 'error', time, error })}\n`;
}
