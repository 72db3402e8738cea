/**
 * What a hook is told. Its environment holds these and nothing of ours else: what the caller of lvmbackup had set is
 * no matter of a command that has to do the same every night.
 */
import type { HookAction } from '../plan/action.ts';
import type { HookOutcome } from './run-hooks.ts';

/**
 * - `LVMBACKUP_HOOK`: `before`, `after`, `onSuccess` or `onFailure`
 * - `LVMBACKUP_RUN`: the run's name, as its tags have it (20261123T091500Z)
 * - `LVMBACKUP_UNIT`: `VG/LV`, a device, or `set NAME`: what the hook belongs to
 * - `LVMBACKUP_SOURCE`, `LVMBACKUP_BACKUP`: the source and its backup volume; of a set's own hooks all of them, one a line
 * - `LVMBACKUP_TIME`: when the snapshot was taken, RFC 3339 UTC; of a set the last one; not set before there is one
 * - `LVMBACKUP_RESULT`: `complete`, `failed` or `interrupted`; set for `onSuccess` and `onFailure`
 * - `LVMBACKUP_ERROR`: why it was not backed up, one sentence; set for `onFailure`
 */
export function hookEnvironment(
  { moment, target, sources }: HookAction,
  { run, time }: { readonly run: string; readonly time: string | undefined },
  outcome: HookOutcome | null,
): Record<string, string> {
  return {
    LVMBACKUP_HOOK: moment,
    LVMBACKUP_RUN: run,
    LVMBACKUP_UNIT: target,
    LVMBACKUP_SOURCE: sources.map(({ source }) => source).join('\n'),
    LVMBACKUP_BACKUP: sources.map(({ backup }) => backup).join('\n'),
    ...(time === undefined ? {} : { LVMBACKUP_TIME: time }),
    ...(outcome === null ? {} : { LVMBACKUP_RESULT: outcome.result }),
    ...(outcome?.error == null ? {} : { LVMBACKUP_ERROR: outcome.error }),
  };
}
