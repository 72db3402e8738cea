/** Runs a command line by the command tree; every error to its exit code. */
import { CommanderError } from 'commander';
import { ExitCode, UserError } from '../errors.ts';
import { escaped } from '../views/printable.ts';
import { type Io, processIo } from './io.ts';
import { commandTree } from './tree/tree.ts';

export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  const io = processIo(argv.includes('--no-color'));
  let exitCode: number = ExitCode.done;
  const done = (code: number) => {
    exitCode = code;
  };
  try {
    await commandTree({ io, version, done }).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return codeOf(error, argv, io);
  }
}

/** Expected errors are told as messages; anything else is a defect, and keeps its stack. */
function codeOf(error: unknown, argv: readonly string[], io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.badInput;
  const json = argv.some(
    (word, index) => word === '--format=json' || (word === '--format' && argv[index + 1] === 'json'),
  );
  if (error instanceof UserError) {
    const { message, hint, exitCode } = error;
    if (json) io.out(errorLine({ message, hint, exitCode }));
    else io.err(errorText(escaped(message), hint === undefined ? null : escaped(hint), io));
    return exitCode;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  io.err(`${io.errStyle.red('defect:')} lvmbackup met something that it does not know.\n${stack}\n`);
  return ExitCode.failed;
}

function errorText(message: string, hint: string | null, { errStyle }: Io): string {
  const below = hint === null ? '' : `${errStyle.cyan('hint:')} ${hint}\n`;
  return `${errStyle.red('error:')} ${message}.\n${below}`;
}

function errorLine(error: { message: string; hint: string | undefined; exitCode: number }): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ formatVersion: '1.0', type: 'error', time, error })}\n`;
}
