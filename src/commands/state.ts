import { ExitCode } from '../errors.ts';
import { readState } from '../lvm/read-state.ts';
import type { Io } from './io.ts';
import { patiently } from './patiently.ts';
import { writeFileAtomically } from './write-file.ts';

export async function state(options: { readonly out?: string }, io: Io): Promise<ExitCode> {
  const read = await readState({ run: patiently(io), now: new Date(), devices: 'all' });
  const text = `${JSON.stringify(read, null, 2)}\n`;
  if (options.out === undefined) io.out(text);
  else writeFileAtomically(options.out, text);
  return ExitCode.done;
}
