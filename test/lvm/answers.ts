/** Commands whose answers a test has written down. */
import type { CommandResult } from '../../src/lvm/spawn.ts';

export function answered(argv: readonly string[], answer: Partial<CommandResult> | string): CommandResult {
  const given = typeof answer === 'string' ? { stdout: answer } : answer;
  return { argv, exitCode: 0, signal: null, stdout: '', stderr: '', ...given };
}
