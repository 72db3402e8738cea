/** Finds and reads backup.yaml. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Diagnostic } from '../diagnostics.ts';
import { ExitCode, UserError } from '../errors.ts';
import { MAX_BYTES } from '../spec/limits.ts';
import { parseSpec } from '../spec/parse.ts';
import type { Spec } from '../spec/spec.ts';

const PLACES = ['backup.yaml', '/etc/lvmbackup/backup.yaml'];

export interface SpecFileRead {
  readonly path: string;
  readonly sha256: string;
  readonly text: string;
  readonly result:
    | { readonly spec: Spec; readonly warnings: readonly Diagnostic[] }
    | { readonly errors: readonly Diagnostic[] };
}

/** `-` is standard input. Throws UserError (exit 3) where there is no such file. */
export function readSpecFile(given: string | undefined): SpecFileRead {
  const path = given ?? PLACES.find((place) => existsSync(place));
  if (path === undefined) {
    throw new UserError(
      ExitCode.badInput,
      `there is no ${PLACES.join(' and no ')}`,
      'name the file with -f FILE',
    );
  }
  const source = readBytes(path);
  const result = parseSpec(source);
  return {
    path: path === '-' ? '<stdin>' : path,
    sha256: createHash('sha256').update(source).digest('hex'),
    text: result.text,
    result,
  };
}

/** At most a little more than is allowed: a device or an endless pipe must not fill the memory. */
function readBytes(path: string): Uint8Array {
  try {
    if (path === '-') return readFileSync(0);
    const fd = openSync(path, 'r');
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory())
        throw new UserError(ExitCode.badInput, `${path}:1:1: this is a directory, not a file`);
      if (stat.size > MAX_BYTES) return new Uint8Array(stat.size > 2 ** 30 ? MAX_BYTES + 1 : stat.size);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : message;
    throw new UserError(ExitCode.badInput, `${path}:1:1: ${what}`, undefined, { cause });
  }
}
