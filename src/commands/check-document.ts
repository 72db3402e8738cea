/** A JSON file of ours against its schema, before anything is made of it. */
import type { ErrorObject } from 'ajv';
import { ExitCode, UserError } from '../errors.ts';
import type { Validate } from '../generated/validators.js';

/** Throws UserError (exit 3) that names the file and the place in it. */
export function checkDocument(validate: Validate, document: unknown, path: string, hint: string): void {
  if (validate(document)) return;
  const [error] = [...(validate.errors ?? [])].sort(byDepth);
  const place = error?.instancePath ? `${error.instancePath}: ` : '';
  throw new UserError(ExitCode.badInput, `${path}: ${place}${reason(error)}`, hint);
}

/** Where one of several shapes would do, the error deepest inside tells the most. */
function byDepth(a: ErrorObject, b: ErrorObject): number {
  return b.instancePath.split('/').length - a.instancePath.split('/').length;
}

function reason(error: ErrorObject | undefined): string {
  if (error?.keyword === 'additionalProperties') {
    return `${JSON.stringify(error.params.additionalProperty)} is not known here`;
  }
  return error?.message ?? 'this is not of the right shape';
}
