/** `lvmbackup man`: the man pages, made from the command tree and from the file's schema. */
import { LOCK_FILE } from '../apply/lock.ts';
import { ExitCode } from '../errors.ts';
import { EXAMPLE_FILE } from '../generated/example-file.js';
import { schemas } from '../generated/schemas.js';
import type { CommandOutline } from '../views/command-outline.ts';
import { manFile, type SchemaNode } from '../views/man-file.ts';
import { manProgram } from '../views/man-program.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { Io } from './io.ts';
import { PLACES } from './read-spec.ts';
import { STATE_FOLDER } from './state-folder.ts';

export type ManPage = 'lvmbackup' | 'backup.yaml';

export function man(page: ManPage, outline: CommandOutline, version: string, io: Io): ExitCode {
  io.out(pageText(page, outline, version));
  return ExitCode.done;
}

function pageText(page: ManPage, outline: CommandOutline, version: string): string {
  switch (page) {
    case 'lvmbackup':
      return manProgram(outline, { version, exitCodes: EXIT_CODES, files: FILES });
    case 'backup.yaml':
      return manFile(schemas.backup as SchemaNode, {
        version,
        example: withoutComments(EXAMPLE_FILE),
        places: PLACES,
      });
  }
}

const FILES: readonly (readonly [string, string])[] = [
  [PLACES.join(', '), 'The file, where none is named.'],
  [STATE_FOLDER, 'What saves time at the next run. A restore needs nothing of it.'],
  [LOCK_FILE, 'Held by the run that is under way.'],
];

/** They are wider than a terminal, and the page says it all below. */
function withoutComments(yaml: string): string[] {
  const lines = yaml.split('\n').map((line) => line.replace(/(^|\s+)#.*$/, ''));
  return lines.filter((line) => line !== '');
}
