/** Finds and reads backup.yaml. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { MAX_BYTES } from '../spec/limits.ts';
import { parseSpec, type SpecResult } from '../spec/parse.ts';
import { readInput, type Use } from './read-input.ts';

export const PLACES = ['backup.yaml', '/etc/lvmbackup/backup.yaml'];

export interface SpecFileRead {
  readonly path: string;
  readonly sha256: string;
  readonly text: string;
  readonly result: SpecResult;
}

/** `-` is standard input. Throws UserError (exit 3) where there is no such file. */
export function readSpecFile(given: string | undefined, use: Use): SpecFileRead {
  const path = given ?? PLACES.find((place) => existsSync(place));
  if (path === undefined) {
    throw new UserError(
      ExitCode.badInput,
      `there is no ${PLACES.join(' and no ')}`,
      'name the file with -f FILE',
    );
  }
  const source = readInput(path, `${path}:1:1`, MAX_BYTES, use);
  const result = parseSpec(source);
  return {
    path: path === '-' ? '<stdin>' : path,
    sha256: createHash('sha256').update(source).digest('hex'),
    text: result.text,
    result,
  };
}
