import { ExitCode } from '../errors.ts';
import { readState } from '../lvm/read-state.ts';
import { runCommand } from '../lvm/spawn.ts';
import type { Io } from './io.ts';
import { writeFileAtomically } from './write-file.ts';

export async function state(options: { readonly out?: string }, io: Io): Promise<ExitCode> {
  const read = await readState({ run: runCommand, now: new Date(), devices: 'all' });
  const text = `${JSON.stringify(read, null, 2)}\n`;
  if (options.out === undefined) io.out(text);
  else writeFileAtomically(options.out, text);
  return ExitCode.done;
}
