import { ExitCode } from '../errors.ts';
import { lint } from '../spec/lint.ts';
import { inOrder } from '../spec/parse.ts';
import { diagnosticsGithub, diagnosticsJson, diagnosticsText } from '../views/diagnostics.ts';
import type { Io } from './io.ts';
import { readSpecFile } from './read-spec.ts';

export interface ValidateOptions {
  readonly file?: string;
  readonly format: 'text' | 'json' | 'github';
}

export function validate(options: ValidateOptions, io: Io): ExitCode {
  const { path, text, result } = readSpecFile(options.file, 'look');
  const diagnostics = 'errors' in result ? result.errors : inOrder([...result.warnings, ...lint(result)]);
  switch (options.format) {
    case 'json':
      io.out(`${diagnosticsJson(path, diagnostics)}\n`);
      break;
    case 'github':
      if (diagnostics.length > 0) io.out(`${diagnosticsGithub(path, diagnostics)}\n`);
      break;
    case 'text':
      if (diagnostics.length > 0) io.out(`${diagnosticsText(path, text, diagnostics, io.outStyle)}\n`);
      if (!('errors' in result))
        io.out(`${path} is valid: ${counted(result.spec.volumes.length, 'volume')}.\n`);
  }
  return 'errors' in result ? ExitCode.badInput : ExitCode.done;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
