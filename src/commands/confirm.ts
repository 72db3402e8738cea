/** Asks before something is done that cannot be taken back. */
import { ExitCode, UserError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { ask } from './ask.ts';
import type { Io } from './io.ts';

const UNCHANGED = 'Nothing was changed';

/** `way`: what to write where nobody can be asked. Throws UserError (exit 4) unless the answer is yes. */
export async function confirm(question: string, way: string, io: Io): Promise<void> {
  if (!io.canAsk) {
    throw new UserError(
      ExitCode.refused,
      'not confirmed: there is no terminal to ask at. Nothing was changed',
      way,
    );
  }
  const answer = await ask(`${question} Only "yes" is taken as yes: `, UNCHANGED);
  if (answer !== 'yes') throw new NotConfirmed();
}

/**
 * A backup volume that holds a copy and goes for good is asked for by its own name, also where the rest was approved
 * before: a number in a file that is one too small must not cost a copy. Throws UserError (exit 4).
 */
export async function confirmRemovals(plan: Pick<Plan, 'actions'>, io: Io): Promise<void> {
  const names = plan.actions.flatMap(({ type, recovers, target }) =>
    type === 'volume.remove' && recovers !== true ? [target] : [],
  );
  if (names.length === 0) return;
  if (!io.canAsk) {
    throw new UserError(
      ExitCode.refused,
      `not confirmed: ${names.join(', ')} would be removed, and there is no terminal to ask at. ${UNCHANGED}`,
      'keep more (keep.last), or add --allow-remove',
    );
  }
  for (const name of names) {
    const question = `${name} and the copy in it will be removed. Write its name to confirm: `;
    if ((await ask(question, UNCHANGED)) !== name) throw new NotConfirmed();
  }
}

/** Somebody was asked, and said no. */
export class NotConfirmed extends UserError {
  constructor() {
    super(ExitCode.refused, `not confirmed. ${UNCHANGED}`);
  }
}
