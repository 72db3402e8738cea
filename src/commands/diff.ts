/** `lvmbackup diff OLD NEW`: what a change of the file changes. Shows, refuses nothing. */
import type { Diagnostic } from '../diagnostics.ts';
import { ExitCode, UserError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { machineChanges, type Plans } from '../plan/plan-changes.ts';
import { specChanges } from '../spec/changes.ts';
import { type Linted, lint } from '../spec/lint.ts';
import { inOrder } from '../spec/parse.ts';
import type { Spec } from '../spec/spec.ts';
import { diagnosticsJson, diagnosticsText } from '../views/diagnostics.ts';
import type { DiffShown, FileRead } from '../views/diff-view.ts';
import type { Io } from './io.ts';
import { makePlan, recordedState } from './make-plan.ts';
import { readSpecFile } from './read-spec.ts';

export interface DiffOptions {
  readonly state?: string;
  readonly format: 'text' | 'json' | 'markdown';
}

const DIFF_FORMAT = '1.0';

export async function diff(old: string, now: string, options: DiffOptions, io: Io): Promise<ExitCode> {
  const [first, second] = [old, now, options.state].filter((path) => path === '-');
  if (first !== undefined && second !== undefined) {
    throw new UserError(ExitCode.badInput, 'standard input can be one of the files only');
  }
  const [before, after] = [old, now].map((path) => readSide(path, options, io));
  if (!before || !after) return ExitCode.badInput;
  const shown: DiffShown = {
    old: before.file,
    new: after.file,
    changes: specChanges(before.linted, after.linted),
    warnings: newWarnings(before.linted, after.linted),
    machine: options.state === undefined ? null : onMachine(options.state, before, after),
  };
  io.out(`${await inFormat(shown, options, io)}\n`);
  return ExitCode.done;
}

interface SideRead {
  readonly file: FileRead;
  readonly linted: Linted;
}

/** null where the file is wrong: its errors have been shown then. */
function readSide(given: string, { format }: DiffOptions, io: Io): SideRead | null {
  const { path, sha256, text, result } = readSpecFile(given, 'look');
  if ('errors' in result) {
    if (format === 'json') io.out(`${diagnosticsJson(path, result.errors)}\n`);
    io.err(`${diagnosticsText(path, text, result.errors, io.errStyle)}\n`);
    return null;
  }
  const { file, spec, places } = result;
  return { file: { path, sha256 }, linted: { file, spec, places } };
}

/** Words say what a warning is about, lines move. One that is about several sources is known by its code. */
function newWarnings(before: Linted, after: Linted) {
  const keyOf = ({ code, message }: Diagnostic) => (SUMMED.includes(code) ? code : `${code} ${message}`);
  const known = new Set(lint(before).map(keyOf));
  return inOrder(lint(after).filter((warning) => !known.has(keyOf(warning))));
}

const SUMMED: readonly string[] = ['single-copy', 'no-refresh-after'];

function onMachine(path: string, before: SideRead, after: SideRead): DiffShown['machine'] {
  const state = recordedState(path);
  const plans = ({ file, linted }: SideRead): Plans => {
    const plan = (spec: Spec): Plan =>
      makePlan({
        ...{ spec, config: file, state, only: [], outputs: [], liveRun: false },
        clock: state.createdAt ?? new Date(),
      });
    return { next: plan(linted.spec), all: plan(withAllDue(linted.spec)) };
  };
  return { ...machineChanges(plans(before), plans(after)), state: path };
}

/** How much room a file takes shows when every source is refreshed. */
function withAllDue(spec: Spec): Spec {
  return { ...spec, volumes: spec.volumes.map((volume) => ({ ...volume, refreshAfter: null })) };
}

async function inFormat(shown: DiffShown, { format }: DiffOptions, io: Io): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify({ formatVersion: DIFF_FORMAT, ...documentOf(shown) }, null, 2);
    case 'markdown':
      return (await import('../views/diff-markdown.ts')).diffMarkdown(shown);
    case 'text':
      return (await import('../views/diff-text.ts')).diffText(shown, io.outStyle);
  }
}

/** Of an action what it is, not how: the plan has the commands. */
function documentOf(shown: DiffShown) {
  const { machine, ...files } = shown;
  if (!machine) return { ...files, machine };
  const brief = ({ type, target, unit, reason, ...rest }: Plan['actions'][number]) => ({
    ...{ type, target, unit: unit ?? null, reason },
    bytes: 'bytes' in rest ? rest.bytes : null,
    extents: 'extents' in rest ? rest.extents : null,
  });
  const { added, removed, same } = machine.actions;
  return {
    ...files,
    machine: { ...machine, actions: { added: added.map(brief), removed: removed.map(brief), same } },
  };
}
