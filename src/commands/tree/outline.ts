/** The tree as data, read from commander's own objects: nothing that is made from it can be out of step. */
import type { Argument, Command, Option } from 'commander';
import type { ArgumentOutline, CommandOutline, OptionOutline, Values } from '../../views/command-outline.ts';
import { examplesOf } from './command.ts';

export function outlineOf(command: Command): CommandOutline {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    heading: (command.helpGroup() ?? '').replace(/:$/, ''),
    arguments: command.registeredArguments.map(argumentOutline),
    options: help.visibleOptions(command).map(optionOutline),
    examples: examplesOf(command),
    commands: help
      .visibleCommands(command)
      .filter((one) => command.commands.includes(one))
      .map(outlineOf),
  };
}

function argumentOutline(argument: Argument): ArgumentOutline {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    values: valuesOf(argument.name(), argument.argChoices),
  };
}

function optionOutline(option: Option): OptionOutline {
  const name = /[<[](.+?)(\.{3})?[>\]]/.exec(option.flags)?.[1];
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    value: name === undefined ? null : { name, values: valuesOf(name, option.argChoices) },
    repeatable: option.variadic || Array.isArray(option.defaultValue),
    default: name === undefined ? null : defaultOf(option),
  };
}

function defaultOf({ defaultValue, defaultValueDescription }: Option): string | null {
  if (defaultValue === undefined) return null;
  return defaultValueDescription ?? String(defaultValue);
}

/** Placeholders that stand for a path; all others stand for what only the person knows. */
const PATHS = new Set(['file', 'plan', 'folder', 'dir', 'list', 'device', 'old', 'new']);

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'choices', choices };
  return PATHS.has(name) ? { kind: 'path' } : { kind: 'free' };
}
