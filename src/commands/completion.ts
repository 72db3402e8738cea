/** `lvmbackup completion`: the command tree as a shell's completion. */
import { ExitCode } from '../errors.ts';
import type { CommandOutline } from '../views/command-outline.ts';
import { completionBash } from '../views/completion-bash.ts';
import { completionFish } from '../views/completion-fish.ts';
import { completionZsh } from '../views/completion-zsh.ts';
import type { Io } from './io.ts';

const SHELL_VIEWS = { bash: completionBash, fish: completionFish, zsh: completionZsh };

export type Shell = keyof typeof SHELL_VIEWS;

export function completion(shell: Shell, outline: CommandOutline, io: Io): ExitCode {
  io.out(SHELL_VIEWS[shell](outline));
  return ExitCode.done;
}
