/** What went wrong, as data: for the views and for the outcome. */
import { ExitCode, UserError } from '../errors.ts';
import { type CommandResult, endOf, reasonsOf } from '../lvm/spawn.ts';
import type { Failure } from './events.ts';

/** A command that did not succeed. LVM's own reasons come with it. */
export class CommandFailed extends UserError {
  /** Which one, and how it ended. */
  readonly what: string;

  constructor(readonly result: CommandResult) {
    const what = `${result.argv.join(' ')} failed (${endOf(result)})`;
    super(ExitCode.failed, [what, ...reasonsOf(result)].join(': '));
    this.what = what;
  }
}

/** A copy that did not come to its end, and what that leaves of its target. */
export class CopyFailed extends Error {
  constructor(
    override readonly cause: unknown,
    readonly fate: string,
  ) {
    super(`the copy failed; ${fate}`, { cause });
  }
}

/** A command of the file that did not succeed, with the last lines that it wrote. */
export class HookFailed extends Error {
  constructor(
    message: string,
    readonly lines: readonly string[],
  ) {
    super(message);
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CopyFailed) {
    const failure = failureOf(error.cause);
    return { ...failure, message: `${failure.message}; ${error.fate}` };
  }
  if (error instanceof CommandFailed) return { message: error.what, details: reasonsOf(error.result) };
  if (error instanceof HookFailed) return { message: error.message, details: error.lines };
  if (error instanceof UserError) {
    return { message: error.message, details: [], ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  // Not foreseen: the stack is what helps then.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: text.split('\n')[0] ?? text, details: text.split('\n').slice(1, 6) };
}
