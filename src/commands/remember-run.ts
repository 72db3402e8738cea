/** What is kept of a run when it is over: a line of the history, and a word in the system's log. */
import { tellJournal } from '../apply/journal.ts';
import { runCommand } from '../lvm/spawn.ts';
import type { RunRecord } from '../plan/run-record.ts';
import { appendRun, historyPath } from './history-file.ts';
import type { Io } from './io.ts';

/** What came of the run does not depend on it: where it cannot be written, that is said. */
export async function rememberRun(record: RunRecord, stateDir: string, io: Io): Promise<void> {
  try {
    appendRun(stateDir, record);
  } catch (error) {
    io.err(
      `${io.errStyle.yellow('warning:')} the run could not be added to ${historyPath(stateDir)}: ${(error as Error).message}\n`,
    );
  }
  await tellJournal(record, runCommand);
}
