/** Completion for bash, on its own: it does not need the package bash-completion. */
import type { CommandOutline, Values } from './command-outline.ts';
import { optionsWithValues, positionKey } from './completion-parts.ts';

/**
 * The script walks the words before the cursor to learn the command, how many arguments it has, and whether an option
 * waits for its value. Bash makes `=` a word of its own.
 */
export function completionBash(root: CommandOutline): string {
  return `# bash completion for ${root.name}; made by: ${root.name} completion bash
_${root.name}_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_${root.name}_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_${root.name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= takes= word i count=0 only_arguments=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $takes ]]; then takes=; continue; fi
    if [[ -z $only_arguments && $word == -- ]]; then only_arguments=1; continue; fi
    if [[ -z $only_arguments && $word == -* ]]; then
      case "$command $word" in
        ${patterns(takesValue(root))}) takes=$word ;;
      esac
    elif [[ -z $command ]]; then command=$word
    else ((count++))
    fi
  done
  if [[ $cur == '=' ]]; then cur=; fi
  COMPREPLY=()
  if [[ -n $takes ]]; then
    case "$command $takes" in
${cases(optionsWithValues(root).map(({ key, values }) => [key, values]))}
    esac
  elif [[ -z $only_arguments && $cur == -* ]]; then
    case $command in
${[root, ...root.commands].map((one) => flagCase(one, root)).join('\n')}
    esac
  elif [[ -z $command ]]; then
    ${words(root.commands.map(({ name }) => name))}
  else
    case "$command $count" in
${cases(argumentCases(root))}
    esac
  fi
}
complete -F _${root.name} ${root.name}
`;
}

function takesValue(root: CommandOutline): string[] {
  return optionsWithValues(root).map(({ key }) => key);
}

function flagCase(command: CommandOutline, root: CommandOutline): string {
  const key = command === root ? "''" : command.name;
  return `      ${key}) ${words(command.options.flatMap(({ flags }) => flags))} ;;`;
}

function argumentCases(root: CommandOutline): [string, Values][] {
  return root.commands.flatMap((command) =>
    command.arguments.map(({ values }, at): [string, Values] => [positionKey(command, at), values]),
  );
}

/** What no list tells is left to the person: its case would be empty. */
function cases(all: readonly (readonly [string, Values])[]): string {
  return all
    .filter(([, { kind }]) => kind !== 'free')
    .map(([key, values]) => `      ${patterns([key])}) ${suggest(values)} ;;`)
    .join('\n');
}

function suggest(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return words(values.choices);
    case 'path':
      return '_lvmbackup_files';
    case 'free':
      return ':';
  }
}

function words(all: readonly string[]): string {
  return `_lvmbackup_words '${all.join(' ')}'`;
}

/** The star of a variadic argument stays outside of the quotes. */
function patterns(keys: readonly string[]): string {
  return keys.map((key) => `'${key}'`.replace("*'", "'*")).join('|');
}
