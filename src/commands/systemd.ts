/** `lvmbackup systemd`: the units of a nightly backup, printed or written into a folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ExitCode, UserError } from '../errors.ts';
import { systemdUnits } from '../views/systemd-units.ts';
import type { Io } from './io.ts';
import { ownProgram } from './own-program.ts';
import { writeFileAtomically } from './write-file.ts';

export interface SystemdOptions {
  readonly file: string;
  readonly name: string;
  readonly calendar: string;
  readonly onFailure: string;
  readonly program?: string;
  readonly out?: string;
}

export function systemd(options: SystemdOptions, io: Io): ExitCode {
  refuseOddText(options);
  const units = systemdUnits({
    name: options.name,
    program: options.program === undefined ? ownProgram() : [resolve(options.program)],
    file: resolve(options.file),
    calendar: options.calendar,
    failureHook: resolve(options.onFailure),
  });
  if (options.out === undefined) {
    const all = Object.entries(units).map(([name, text]) => `# ${name}\n${text}`);
    io.out(all.join('\n'));
    return ExitCode.done;
  }
  writeUnits(units, options.out);
  io.err(`Written to ${options.out}: ${Object.keys(units).join(', ')}.\n`);
  io.err(`To begin: systemctl daemon-reload && systemctl enable --now ${options.name}.timer\n`);
  return ExitCode.done;
}

/** What systemd would read as the end of a line, or as a name that it does not allow. */
function refuseOddText({ name, file, calendar, onFailure, program = '' }: SystemdOptions): void {
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw new UserError(
      ExitCode.badInput,
      `${JSON.stringify(name)} cannot be the name of a unit`,
      'use letters, digits, _, . and -',
    );
  }
  // A line that ends in a backslash goes on in the next.
  const odd = [file, calendar, onFailure, program].find((text) => /\p{Cc}|\\$/u.test(text));
  if (odd === undefined) return;
  throw new UserError(ExitCode.badInput, `${JSON.stringify(odd)} cannot be written into a unit`);
}

/** Units that someone has edited are not written over. */
function writeUnits(units: Readonly<Record<string, string>>, folder: string): void {
  const all = Object.entries(units).map(([name, text]) => ({ path: join(folder, name), text }));
  const other = all.find(({ path, text }) => existsSync(path) && readFileSync(path, 'utf8') !== text);
  if (other) {
    throw new UserError(
      ExitCode.refused,
      `${other.path} is there already, and says something else. Nothing was changed`,
      'remove it first, or name the units otherwise with --name',
    );
  }
  for (const { path, text } of all) writeFileAtomically(path, text);
}
