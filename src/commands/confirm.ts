/** Asks before something is done that cannot be taken back. */
import { createInterface } from 'node:readline/promises';
import { ExitCode, UserError } from '../errors.ts';
import type { Io } from './io.ts';

/** `way`: what to write where nobody can be asked. Throws UserError (exit 4) unless the answer is yes. */
export async function confirm(question: string, way: string, io: Io): Promise<void> {
  if (!io.canAsk) {
    throw new UserError(
      ExitCode.refused,
      'not confirmed: there is no terminal to ask at. Nothing was changed',
      way,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Only "yes" is taken as yes: `);
  terminal.close();
  if (answer.trim() !== 'yes') throw new UserError(ExitCode.refused, 'not confirmed. Nothing was changed');
}
