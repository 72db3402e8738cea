/** Options that several commands have, worded once. */
import { Option } from 'commander';
import { STATE_FOLDER } from '../state-folder.ts';

export function fileOption(): Option {
  return new Option(
    '-f, --file <file>',
    'the file; - is standard input (default: backup.yaml, else /etc/lvmbackup/backup.yaml)',
  );
}

/** For commands that need no file, and read none unless it is named. */
export function fileNamedOption(): Option {
  return new Option('-f, --file <file>', 'only what is in the backup group of this file');
}

export function pointOption(): Option {
  return new Option(
    '--point <point>',
    'a time as 2026-11-23T09:15:00Z, or the volume that holds it (default: the newest complete one)',
  );
}

export function stateDirOption(): Option {
  return new Option('--state-dir <folder>', 'where is remembered what backup volumes hold').default(
    STATE_FOLDER,
  );
}

export function onlyOption(): Option {
  return repeatable(new Option('--only <source>', 'only this source; may be repeated'), 'all');
}

export function approveOption(description = 'do not ask'): Option {
  return new Option('-y, --auto-approve', description);
}

export function verifyOption(): Option {
  return new Option('--verify <level>', 'what is read back: nothing, what was written, or all')
    .choices(['none', 'written', 'full'])
    .default('written');
}

export function readErrorOption(): Option {
  return new Option(
    '--on-read-error <what>',
    'where the source cannot be read: stop, or skip and write zeros',
  )
    .choices(['stop', 'skip'])
    .default('stop');
}

export function formatOption(choices: readonly string[]): Option {
  return new Option('--format <format>', 'how the result is written').choices(choices).default('text');
}

/** Every value that is given, in a list; an empty list where none is, which help calls `none`. */
export function repeatable(option: Option, none: string): Option {
  return option.argParser((value: string, before: readonly string[]) => [...before, value]).default([], none);
}
