/** Completion for zsh: `_arguments` for each command, in a function that works in $fpath and when it is sourced. */
import type { ArgumentOutline, CommandOutline, OptionOutline, Values } from './command-outline.ts';

export function completionZsh(root: CommandOutline): string {
  return `#compdef ${root.name}
# zsh completion for ${root.name}; made by: ${root.name} completion zsh
_${root.name}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${root.options.map((option) => `    ${optionSpecs(option).join(' ')} \\`).join('\n')}
    '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${root.commands.map(({ name, description }) => `        ${quoted(`${name}:${description.replaceAll(':', '\\:')}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $words[1] in
${root.commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _${root.name} ]]; then _${root.name} "$@"; else compdef _${root.name} ${root.name}; fi
`;
}

function commandCase({ name, options, arguments: args }: CommandOutline): string {
  const specs = [...options.flatMap(optionSpecs), ...args.map(argumentSpec)];
  return `        ${name}) _arguments ${specs.map((spec) => `\\\n          ${spec}`).join(' ')} ;;`;
}

/** One spec for each flag, which excludes the other unless it may come again. A long one may also have its value behind an equals sign. */
function optionSpecs({ flags, description, value, repeatable }: OptionOutline): string[] {
  const others = repeatable ? '*' : `(${flags.join(' ')})`;
  const text = `[${description.replace(/[[\]\\:]/g, '\\$&')}]`;
  return flags.map((flag) => {
    const taken = value === null ? '' : `:${value.name}:${suggest(value.values)}`;
    const name = value === null || !flag.startsWith('--') ? flag : `${flag}=`;
    return quoted(`${others}${name}${text}${taken}`);
  });
}

function argumentSpec({ name, required, variadic, values }: ArgumentOutline): string {
  if (variadic) return quoted(`*:${name}:${suggest(values)}`);
  return quoted(`${required ? ':' : '::'}${name}:${suggest(values)}`);
}

function suggest(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return `(${values.choices.join(' ')})`;
    case 'path':
      return '_files';
    case 'free':
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
