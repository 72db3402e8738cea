/** What the machine and the installation are asked for. */
import type { Command } from 'commander';
import { command, type Surroundings } from './command.ts';

export function machineCommands(root: Command, { io, done }: Surroundings): void {
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
}
