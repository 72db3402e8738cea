/** What every command of the tree is made with, so that help, completion and the man page can be made from the tree. */
import type { Command } from 'commander';
import type { ExitCode } from '../../errors.ts';
import type { Io } from '../io.ts';

/** What a command needs of the process, and where it says how it ended. */
export interface Surroundings {
  readonly io: Io;
  readonly version: string;
  /** The exit code; 0 where it is not called. */
  readonly done: (code: ExitCode) => void;
}

const EXAMPLES = new WeakMap<Command, readonly string[]>();

/** A command below `root`; `examples` are shown in its help as they would be typed. */
export function command(
  root: Command,
  name: string,
  description: string,
  examples: readonly string[],
): Command {
  return withExamples(root.command(name).description(description), examples);
}

export function withExamples(one: Command, examples: readonly string[]): Command {
  EXAMPLES.set(one, examples);
  return one.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`);
}

export function examplesOf(one: Command): readonly string[] {
  return EXAMPLES.get(one) ?? [];
}
