/** One question at the terminal. */
import { createInterface } from 'node:readline/promises';
import { ExitCode, UserError } from '../errors.ts';

/**
 * The answer, trimmed. `otherwise` says what was not done: throws UserError with it where there is none, exit 4 at the
 * end of input (Ctrl-D, a terminal that went away), exit 130 at Ctrl-C.
 */
export async function ask(question: string, otherwise: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const unanswered = new Promise<never>((_, reject) => {
    terminal.on('SIGINT', () => reject(new UserError(130, `interrupted. ${otherwise}`)));
    terminal.on('close', () => reject(new UserError(ExitCode.refused, `not answered. ${otherwise}`)));
  });
  // An answer is the usual end, and the question then closes unheard.
  unanswered.catch(() => {});
  const answer = terminal.question(question);
  answer.catch(() => {});
  try {
    return (await Promise.race([answer, unanswered])).trim();
  } finally {
    terminal.close();
  }
}
