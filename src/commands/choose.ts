/** Asks which of several, where somebody can answer; else the first is taken. */
import { escaped } from '../views/printable.ts';
import { ask } from './ask.ts';
import type { Io } from './io.ts';

export async function choose<T>(
  question: string,
  choices: readonly T[],
  textOf: (choice: T) => string,
  io: Io,
): Promise<T> {
  const [first] = choices;
  if (first === undefined) throw new Error(`there is nothing to choose from: ${question}`);
  if (choices.length === 1 || !io.canAsk) return first;
  const lines = choices.map((choice, index) => `  ${index + 1}. ${escaped(textOf(choice))}`);
  io.err(`${question}\n${lines.join('\n')}\n`);
  for (;;) {
    const answer = await ask('Number (1): ', 'Nothing was written');
    const chosen = choices[Number(answer === '' ? 1 : answer) - 1];
    if (chosen !== undefined) return chosen;
    io.err(`There is no ${JSON.stringify(answer)}: write a number from 1 to ${choices.length}.\n`);
  }
}
