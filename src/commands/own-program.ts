/** The program that runs, as others must know it: a script for node, or node and the script in a single executable. */
import { realpathSync } from 'node:fs';
import { isSea } from 'node:sea';

/** What starts this program, before its arguments. A single executable takes no script: it has it inside. */
export function ownProgram(): [string, ...string[]] {
  const script = process.argv[1];
  return isSea() || script === undefined ? [process.execPath] : [process.execPath, realpathSync(script)];
}
