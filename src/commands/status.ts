/** `lvmbackup status`: how the backups stand, for people and for programs that watch. Changes nothing. */
import { heldFileSystems } from '../apply/held-records.ts';
import { isRunAlive } from '../apply/lock.ts';
import { ExitCode, UserError } from '../errors.ts';
import { RUN_FORMAT } from '../plan/run-record.ts';
import { STATUS_FORMAT, type Status, statusOf } from '../plan/status.ts';
import { type History, readHistory } from './history-file.ts';
import type { Io } from './io.ts';
import { liveState, recordedState, specFor } from './make-plan.ts';
import { STATE_FOLDER } from './state-folder.ts';
import { READABLE_BY_ALL, writeFileAtomically } from './write-file.ts';

export interface StatusOptions {
  readonly file?: string;
  readonly state?: string;
  readonly stateDir?: string;
  readonly out?: string;
  readonly history?: boolean;
  readonly format: 'text' | 'json' | 'prometheus';
}

export async function status(options: StatusOptions, io: Io): Promise<ExitCode> {
  if (options.history) return showHistory(options, io);
  const from = specFor(options.file, 'look', io, options.format === 'json');
  if (!from) return ExitCode.badInput;
  const recorded = options.state === undefined ? null : recordedState(options.state);
  const { inventory } = recorded ?? (await liveState(from.spec));
  const made = statusOf({
    spec: from.spec,
    file: from.config.path,
    inventory,
    // A recorded machine is judged as it stood when it was recorded.
    clock: recorded?.createdAt ?? new Date(),
    runs: historyFor(options).runs,
    liveRun: recorded === null && isRunAlive(),
    held: recorded === null ? heldFileSystems().map(({ mountPoint }) => mountPoint) : [],
  });
  write(await shown(made, options, io), options, io);
  return made.attention ? ExitCode.attention : ExitCode.done;
}

/** Of another machine, whose state was recorded, this one's history says nothing. */
function historyFor({ state, stateDir }: StatusOptions): History {
  if (state !== undefined && stateDir === undefined) return { runs: [], unreadable: 0 };
  const folder = stateDir ?? STATE_FOLDER;
  try {
    return readHistory(folder);
  } catch (cause) {
    throw new UserError(
      ExitCode.failed,
      `the history in ${folder} cannot be read: ${(cause as Error).message}`,
      'run it with sudo, or name another folder with --state-dir',
      { cause },
    );
  }
}

async function shown(made: Status, { format, out }: StatusOptions, io: Io): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ formatVersion: STATUS_FORMAT, ...made }, null, 2)}\n`;
    case 'prometheus':
      return (await import('../views/status-prometheus.ts')).statusPrometheus(made);
    case 'text': {
      const { statusText } = await import('../views/status-text.ts');
      const { PLAIN } = await import('../views/style.ts');
      return `${statusText(made, out === undefined ? io.outStyle : PLAIN)}\n`;
    }
  }
}

async function showHistory(options: StatusOptions, io: Io): Promise<ExitCode> {
  if (options.format === 'prometheus') {
    throw new UserError(ExitCode.badInput, 'the history has no form for Prometheus', 'write --format json');
  }
  const { runs, unreadable } = historyFor(options);
  const newestFirst = [...runs].reverse();
  if (options.format === 'json') {
    const document = { formatVersion: RUN_FORMAT, runs: newestFirst, unreadable };
    write(`${JSON.stringify(document, null, 2)}\n`, options, io);
  } else {
    const { historyText } = await import('../views/history-text.ts');
    write(`${historyText(newestFirst, unreadable, io.outStyle)}\n`, options, io);
  }
  return ExitCode.done;
}

/** What Prometheus is to read, its exporter must be able to read: it runs as a user of its own. */
function write(text: string, { out, format }: StatusOptions, io: Io): void {
  if (out === undefined) io.out(text);
  else writeFileAtomically(out, text, format === 'prometheus' ? READABLE_BY_ALL : undefined);
}
