/** What the completions of several shells need to know of the tree. */
import type { CommandOutline, Values } from './command-outline.ts';

/** Each option that takes a value, once for each of its flags; `key` is `COMMAND FLAG`, of the root ` FLAG`. */
export function optionsWithValues(root: CommandOutline): { readonly key: string; readonly values: Values }[] {
  return [root, ...root.commands].flatMap((command) =>
    command.options.flatMap(({ flags, value }) =>
      value === null
        ? []
        : flags.map((flag) => ({
            key: `${command === root ? '' : command.name} ${flag}`,
            values: value.values,
          })),
    ),
  );
}

/** `COMMAND N` for its argument N, counted from 0; a variadic one has every number from there on. */
export function positionKey(command: CommandOutline, at: number): string {
  return `${command.name} ${command.arguments[at]?.variadic ? '*' : at}`;
}
