import { ExitCode, UserError } from '../errors.ts';
import { schemas } from '../generated/schemas.js';
import { nearest } from '../spec/suggest.ts';
import type { Io } from './io.ts';

/** One schema as JSON, or the names of all. */
export function schema(name: string | undefined, io: Io): ExitCode {
  const names = Object.keys(schemas).sort();
  if (name === undefined) {
    io.out(`${names.join('\n')}\n`);
    return ExitCode.done;
  }
  const found = schemas[name];
  if (found === undefined) {
    const near = nearest(name, names);
    const hint = near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
    throw new UserError(ExitCode.badInput, `there is no schema named ${name}`, hint);
  }
  io.out(`${JSON.stringify(found, null, 2)}\n`);
  return ExitCode.done;
}
