/** A run in the system's log, where systemd keeps one: in a sentence, with what came of each source. */
import { existsSync } from 'node:fs';
import type { RunCommand } from '../lvm/spawn.ts';
import type { RunRecord } from '../plan/run-record.ts';

/** It is there where systemd is what the machine was booted with: sd_booted(3). */
const BOOTED = '/run/systemd/system';

/** Never throws: a run is no other one because nobody could be told of it. */
export async function tellJournal(record: RunRecord, run: RunCommand, booted = BOOTED): Promise<void> {
  if (!existsSync(booted)) return;
  const wrong = !['done', 'nothing'].includes(record.result);
  const priority = `daemon.${wrong ? 'err' : 'info'}`;
  await run(['logger', '--tag', 'lvmbackup', '--priority', priority, '--', journalLine(record)]).catch(
    () => {},
  );
}

/** `backup to B: partly (exit 5): S/a complete, S/b failed: the snapshot overflowed` */
export function journalLine({ operation, group, result, exitCode, reason, sources }: RunRecord): string {
  const to = group === null ? '' : ` to ${group}`;
  const told = sources
    .filter((source) => source.result !== 'skipped')
    .map(
      (source) => `${source.source} ${source.result}${source.reason === null ? '' : `: ${source.reason}`}`,
    );
  const why = told.length > 0 ? told.join(', ') : (reason ?? 'nothing was due');
  return `${operation}${to}: ${result} (exit ${exitCode}): ${why}`;
}
