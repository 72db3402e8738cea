/** What the machine and the installation are asked for. */
import { Argument, type Command } from 'commander';
import { command, type Surroundings } from './command.ts';
import { outlineOf } from './outline.ts';

export function machineCommands(root: Command, { io, version, done }: Surroundings): void {
  command(root, 'state', 'write the live state as JSON, for plan --state on another machine', [
    'sudo lvmbackup state --out state.json',
  ])
    .option('--out <file>', 'write it to a file')
    .action(async (options) => done(await (await import('../state.ts')).state(options, io)));

  command(root, 'schema', 'print a JSON Schema, or the names of all', [
    'lvmbackup schema backup > backup.schema.json',
  ])
    .argument('[name]', 'which one')
    .action(async (name) => done((await import('../schema.ts')).schema(name, io)));

  command(root, 'systemd', 'print or write the systemd units of a nightly backup', [
    'lvmbackup systemd --calendar "*-*-* 02:30"',
    'sudo lvmbackup systemd --out /etc/systemd/system',
    'sudo lvmbackup systemd --name lvmbackup-vm --file /etc/lvmbackup/vm.yaml --out /etc/systemd/system',
  ])
    .option('-f, --file <file>', 'the file that the service applies', '/etc/lvmbackup/backup.yaml')
    .option('--name <name>', 'what the units are called', 'lvmbackup')
    .option('--calendar <when>', 'when it runs, as OnCalendar takes it', '*-*-* 02:30')
    .option('--on-failure <file>', 'a program that is started after a failure', '/etc/lvmbackup/on-failure')
    .option('--program <file>', 'the program that the service starts (default: this one)')
    .option('--out <folder>', 'write them here')
    .action(async (options) => done((await import('../systemd.ts')).systemd(options, io)));

  command(root, 'completion', "print the completion of a shell's command line", [
    'lvmbackup completion bash | sudo tee /etc/bash_completion.d/lvmbackup',
    'lvmbackup completion zsh > ~/.zfunc/_lvmbackup',
    'lvmbackup completion fish > ~/.config/fish/completions/lvmbackup.fish',
  ])
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'fish', 'zsh']))
    .action(async (shell) => done((await import('../completion.ts')).completion(shell, outlineOf(root), io)));

  command(root, 'man', 'print a man page', [
    'lvmbackup man | man -l -',
    'lvmbackup man backup.yaml | man -l -',
  ])
    .addArgument(
      new Argument('[page]', 'which one').choices(['lvmbackup', 'backup.yaml']).default('lvmbackup'),
    )
    .action(async (page) => done((await import('../man.ts')).man(page, outlineOf(root), version, io)));
}
