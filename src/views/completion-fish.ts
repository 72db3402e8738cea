/** Completion for fish: one line for each thing that can be completed, with its description. */
import type { CommandOutline, OptionOutline, Values } from './command-outline.ts';

export function completionFish(root: CommandOutline): string {
  const names = root.commands.map(({ name }) => name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  const lines = [
    `# fish completion for ${root.name}; made by: ${root.name} completion fish`,
    `complete -c ${root.name} -f`,
    ...root.options.map((option) => optionLine(root.name, none, option)),
    ...root.commands.flatMap((command) => [
      `complete -c ${root.name} -n ${quoted(none)} -a ${command.name} -d ${quoted(command.description)}`,
      ...commandLines(root.name, command),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(program: string, command: CommandOutline): string[] {
  const seen = `__fish_seen_subcommand_from ${command.name}`;
  // Fish knows no positions: whatever one of the arguments can be is offered for each.
  const values = command.arguments.map((one) => suggest(one.values)).filter((text) => text !== '');
  return [
    ...[...new Set(values)].map((text) => `complete -c ${program} -n ${quoted(seen)}${text}`),
    ...command.options.map((option) => optionLine(program, seen, option)),
  ];
}

function optionLine(
  program: string,
  condition: string,
  { flags, description, value }: OptionOutline,
): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  // -x: needs a value, and it is no file.
  const taken =
    value === null ? '' : `${value.values.kind === 'path' ? ' -r' : ' -x'}${suggest(value.values)}`;
  return `complete -c ${program} -n ${quoted(condition)}${names.join('')}${taken} -d ${quoted(description)}`;
}

function suggest(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return ` -a ${quoted(values.choices.join(' '))}`;
    case 'path':
      return ' -F';
    case 'free':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
