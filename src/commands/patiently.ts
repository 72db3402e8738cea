/** LVM commands outside of a run: one that does not come to its end is told of on standard error. */
import { type SlowNote, tellingOfSlow } from '../lvm/slow-command.ts';
import { type RunCommand, runCommand } from '../lvm/spawn.ts';
import { printable } from '../views/printable.ts';
import type { Io } from './io.ts';

export function patiently(io: Io): RunCommand {
  return tellingOfSlow(runCommand, (note) => io.err(slowText(note, io)));
}

export function slowText(note: SlowNote, { errStyle: style }: Pick<Io, 'errStyle'>): string {
  const { message, hint } = printable(note);
  return `${style.yellow('note')} ${message}\n    ${style.cyan('hint:')} ${hint}\n`;
}
