/** The command tree. Each group of commands has a file of its own beside this one; help lists them in this order. */
import { Command } from 'commander';
import { backupCommands } from './backup.ts';
import { careCommands } from './care.ts';
import { type Surroundings, withExamples } from './command.ts';
import { copyCommands } from './copy.ts';
import { machineCommands } from './machine.ts';
import { restoreCommands } from './restore.ts';
import { reviewCommands } from './review.ts';

type Group = (root: Command, surroundings: Surroundings) => void;

/** By the heading that help gives them. */
const GROUPS: Readonly<Record<string, Group>> = {
  'Backups:': backupCommands,
  'Restores:': restoreCommands,
  'Between runs:': careCommands,
  'How things stand:': reviewCommands,
  'By itself:': copyCommands,
  'This machine:': machineCommands,
};

export function commandTree(surroundings: Surroundings): Command {
  const { io, version } = surroundings;
  const root = new Command('lvmbackup')
    .description(
      'Declarative backups by LVM snapshot: describe them in backup.yaml, read the plan, apply exactly that.',
    )
    .version(version, '-V, --version', 'print the version')
    .option('--no-color', 'plain text, also on a terminal')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  withExamples(root, ['lvmbackup validate', 'lvmbackup plan', 'lvmbackup apply']);
  for (const [heading, addTo] of Object.entries(GROUPS)) {
    root.commandsGroup(heading);
    addTo(root, surroundings);
  }
  return root;
}
