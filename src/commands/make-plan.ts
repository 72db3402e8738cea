/** From the file and the live or recorded state to a plan: what plan and apply have in common. */
import { ExitCode, UserError } from '../errors.ts';
import { validateState } from '../generated/validators.js';
import type { Inventory } from '../lvm/inventory.ts';
import { pvUuidFrom } from '../lvm/pv-uuid.ts';
import { hostId, readState } from '../lvm/read-state.ts';
import { isInstalled, type RunCommand, runCommand } from '../lvm/spawn.ts';
import { checkStateFormat, inventoryOf } from '../lvm/state-file.ts';
import type { Plan } from '../plan/plan.ts';
import { planBackup, UnknownSources } from '../plan/plan-backup.ts';
import type { Spec } from '../spec/spec.ts';
import { nearest } from '../spec/suggest.ts';
import { diagnosticsJson, diagnosticsText } from '../views/diagnostics.ts';
import { checkDocument } from './check-document.ts';
import type { Io } from './io.ts';
import { ownProgram } from './own-program.ts';
import { readJsonFile, type Use } from './read-input.ts';
import { readSpecFile } from './read-spec.ts';
import { STATE_FOLDER } from './state-folder.ts';

export interface PlannedFrom {
  readonly spec: Spec;
  readonly config: { readonly path: string; readonly sha256: string };
}

/** The Spec, or null where the file is wrong: its errors have been shown then. */
export function specFor(file: string | undefined, use: Use, io: Io, json: boolean): PlannedFrom | null {
  const { path, sha256, text, result } = readSpecFile(file, use);
  if ('errors' in result) {
    if (json) io.out(`${diagnosticsJson(path, result.errors)}\n`);
    io.err(`${diagnosticsText(path, text, result.errors, io.errStyle)}\n`);
    return null;
  }
  if (result.warnings.length > 0) io.err(`${diagnosticsText(path, text, result.warnings, io.errStyle)}\n`);
  return { spec: result.spec, config: { path, sha256 } };
}

export interface StateRead {
  /** Of this machine, and of this moment. */
  readonly isLive: boolean;
  readonly inventory: Inventory;
  readonly host: string;
}

export async function liveState(spec: Spec, run: RunCommand = runCommand): Promise<StateRead> {
  const state = await readState({ run, now: new Date(), devices: namedDevices(spec) });
  return { isLive: true, inventory: inventoryOf(state), host: state.host };
}

/** A file that `lvmbackup state` wrote, or a bare full report; `-` is standard input. */
export function recordedState(path: string): StateRead & { readonly createdAt: Date | null } {
  const hint = 'write one with: lvmbackup state --out FILE';
  const document = readJsonFile(path, hint, 'look');
  if (isOurs(document)) {
    checkStateFormat(document.formatVersion);
    checkDocument(validateState, document, path, hint);
  }
  const host = (document as { host?: unknown } | null)?.host;
  return {
    isLive: false,
    inventory: inventoryOf(document),
    host: typeof host === 'string' ? host : hostId(),
    createdAt: timeOf((document as { createdAt?: unknown } | null)?.createdAt),
  };
}

/** null where the document does not tell when it was read: LVM's own report. */
function timeOf(text: unknown): Date | null {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time);
}

/** LVM's own report has no format version. */
function isOurs(document: unknown): document is { readonly formatVersion: unknown } {
  return typeof document === 'object' && document !== null && 'formatVersion' in document;
}

function namedDevices(spec: Spec): string[] {
  const lent = spec.volumes.flatMap(({ snapshot }) => (snapshot.lend === null ? [] : [snapshot.lend]));
  const sources = spec.volumes.flatMap(({ source }) => (source.kind === 'device' ? [source.path] : []));
  // What file system they hold decides what is made of them.
  const files = spec.volumes.flatMap(({ source, method }) =>
    source.kind === 'volume' && method === 'files' ? [`/dev/${source.text}`] : [],
  );
  return [...new Set([...spec.group.devices, ...lent, ...sources, ...files])];
}

export interface PlanRequest extends PlannedFrom {
  readonly state: StateRead;
  readonly clock: Date;
  readonly only: readonly string[];
  /** Files that are written while the plan is applied. */
  readonly outputs: readonly string[];
  /** Another run is at work. */
  readonly liveRun: boolean;
}

/** Throws UserError (exit 3) where `only` names no source. */
export function makePlan({ spec, config, state, clock, only, outputs, liveRun }: PlanRequest): Plan {
  try {
    return planBackup({
      spec,
      config,
      only,
      clock,
      liveRun,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      inventory: state.inventory,
      host: state.host,
      neverFreeze: [...ownPaths(), ...outputs],
      hasProgram: state.isLive ? isInstalled : null,
      pvUuid: pvUuidFrom,
    });
  } catch (error) {
    if (!(error instanceof UnknownSources)) throw error;
    const near = nearest(error.names[0] ?? '', error.known);
    const hint = near === null ? `the sources are ${error.known.join(', ')}` : `did you mean ${near}?`;
    throw new UserError(ExitCode.badInput, error.message, hint, { cause: error });
  }
}

/** Paths that must be reachable for a frozen file system to be thawed again. */
function ownPaths(): string[] {
  return [...ownProgram(), '/usr', STATE_FOLDER];
}
