/** The errors that a person is shown as a message. Any other exception is a defect and keeps its stack. */

/** Why lvmbackup ends, as the exit codes of the process tell it. */
export const ExitCode = {
  done: 0,
  failed: 1,
  changes: 2,
  badInput: 3,
  refused: 4,
  partly: 5,
  locked: 6,
  attention: 7,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode] | 129 | 130 | 143;

/**
 * An expected failure. `message` says what happened and on what, `hint` what to do about it;
 * `exitCode` is the contract's code for its kind.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
