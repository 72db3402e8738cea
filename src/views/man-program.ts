/** lvmbackup(8), from the command tree. */
import type { ArgumentOutline, CommandOutline, OptionOutline } from './command-outline.ts';
import { bold, entry, italic, literal, manPage, quotedRoff, roff } from './roff.ts';

export interface ProgramPage {
  readonly version: string;
  /** By their code. */
  readonly exitCodes: readonly (readonly [string, string])[];
  readonly files: readonly (readonly [string, string])[];
}

export function manProgram(root: CommandOutline, { version, exitCodes, files }: ProgramPage): string {
  const body = [
    '.SH SYNOPSIS',
    `${bold(root.name)} [${italic('options')}] ${italic('command')} [${italic('arguments')}]`,
    '.SH DESCRIPTION',
    roff(root.description),
    ...['.PP', roff('The file is described in'), '.BR backup.yaml (5).'],
    '.SH OPTIONS',
    ...root.options.flatMap(option),
    '.SH COMMANDS',
    ...root.commands.flatMap((command, at) => [
      ...(command.heading === root.commands[at - 1]?.heading ? [] : headingOf(command)),
      ...commandLines(root.name, command),
    ]),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => entry(bold(code), meaning)),
    '.SH ENVIRONMENT',
    ...entry(bold('NO_COLOR'), 'If it is set and not empty, no colours are written.'),
    ...entry(bold('FORCE_COLOR'), 'If it is set and not 0, colours are written also where no terminal is.'),
    '.SH FILES',
    ...files.flatMap(([path, what]) => entry(italic(path), what)),
    '.SH SEE ALSO',
    '.BR backup.yaml (5),',
    '.BR lvm (8),',
    '.BR lvcreate (8),',
    '.BR systemd.timer (5)',
  ];
  const summary = 'declarative backups by LVM snapshot';
  return manPage({ name: root.name, section: 8, version, summary, body });
}

function headingOf({ heading }: CommandOutline): string[] {
  return heading === '' ? [] : ['.PP', italic(heading)];
}

function commandLines(program: string, command: CommandOutline): string[] {
  const { name, description, arguments: args, options, examples } = command;
  return [
    `.SS ${quotedRoff(name)}`,
    [
      bold(`${program} ${name}`),
      ...(options.length > 0 ? [`[${italic('options')}]`] : []),
      ...args.map(placeholder),
    ].join(' '),
    '.PP',
    roff(sentence(description)),
    ...args.flatMap(({ name: argument, description: text }) => entry(italic(argument), sentence(text))),
    // Told once, among the options of the program.
    ...options.filter(({ flags }) => !flags.includes('--help')).flatMap(option),
    ...(examples.length === 0 ? [] : ['.PP', 'For example:', ...literal(examples)]),
  ];
}

function placeholder({ name, required, variadic }: ArgumentOutline): string {
  const one = `${italic(name)}${variadic ? '…' : ''}`.replace('…', '\\[u2026]');
  return required ? one : `[${one}]`;
}

function option({ flags, description, value, default: byDefault }: OptionOutline): string[] {
  const term = flags.map(bold).join(', ') + (value === null ? '' : ` ${italic(value.name)}`);
  const choices = value?.values.kind === 'choices' ? [`One of ${value.values.choices.join(', ')}.`] : [];
  const usual = byDefault === null ? [] : [`Default: ${byDefault}.`];
  return entry(term, [sentence(description), ...choices, ...usual].join(' '));
}

/** Help begins its texts in small letters and ends them with nothing. */
function sentence(text: string): string {
  if (text === '') return text;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
