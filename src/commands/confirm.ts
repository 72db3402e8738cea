/** Asks before something is done that cannot be taken back. */
import { ExitCode, UserError } from '../errors.ts';
import { ask } from './ask.ts';
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
  const answer = await ask(`${question} Only "yes" is taken as yes: `, 'Nothing was changed');
  if (answer !== 'yes') throw new UserError(ExitCode.refused, 'not confirmed. Nothing was changed');
}
