/** A transfer of files within a run: a child in a mount namespace of its own does it, and tells how far it is. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunContext } from '../apply/context.ts';
import type { CopyResult } from '../copy/copy.ts';
import { ProgressMeter } from '../copy/progress.ts';
import { ExitCode, UserError } from '../errors.ts';
import { SYSTEM_PATH } from '../lvm/spawn.ts';
import type { CopyAction, Draft, FilesTransfer } from '../plan/action.ts';
import { bytes } from '../units.ts';
import { FILES_ROLE } from './role.ts';
import type { FilesDone, FilesOrder, FilesWord, ListDone, ListOrder } from './words.ts';

type FilesCopy = Draft<CopyAction> & { readonly files: FilesTransfer };

export interface FilesStep {
  readonly from: string;
  readonly to: string;
  readonly action: FilesCopy;
  /** The lock, which all that is started inherits. */
  readonly lock: number;
  /** Starts lvmbackup itself. */
  readonly program: readonly [string, ...string[]];
}

/** Throws UserError where it failed, the signal's reason where that came. */
export async function filesStep(
  { from, to, action, lock, program }: FilesStep,
  { signal, onProgress, onTouch }: Parameters<RunContext['copy']>[1],
): Promise<CopyResult> {
  const started = performance.now();
  const order: FilesOrder = {
    ...{ task: 'transfer', from, to, snapshot: action.source, rate: action.rate, verify: action.verify },
    ...action.files,
  };
  const tell = teller(new ProgressMeter(onProgress));
  const last = await heard(order, { lock, program, signal }, (word) => {
    if (word.word === 'begun') onTouch();
    if (word.word === 'progress') tell(word);
  });
  if (last.word !== 'done') throw new Error(`the transfer of files ended with ${last.word}`);
  return resultOf(action, last, (performance.now() - started) / 1000);
}

/** What the files on a device of ours come to. Throws as a transfer does. */
export async function filesOn(device: string, child: Child): Promise<ListDone> {
  const last = await heard({ task: 'list', device }, child, () => {});
  if (last.word !== 'listed') throw new Error(`the list of files ended with ${last.word}`);
  return last;
}

export interface Child extends Pick<FilesStep, 'lock' | 'program'> {
  readonly signal: AbortSignal;
}

/** Starts the child, hears it out, and gives its last word. Throws UserError where it failed. */
async function heard(
  order: FilesOrder | ListOrder,
  { lock, program, signal }: Child,
  hear: (word: FilesWord) => void,
): Promise<FilesWord> {
  signal.throwIfAborted();
  const child = spawn('unshare', [...NAMESPACE, ...program, FILES_ROLE, JSON.stringify(order)], {
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit', lock],
  });
  // It stops rsync, and its mounts go with it.
  const stop = () => child.stdin?.end();
  child.stdin?.on('error', () => {});
  signal.addEventListener('abort', stop);
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', (code, name) => resolve(name ?? `exit code ${code}`));
  });
  let last: FilesWord | null = null;
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line) as FilesWord;
      hear(last);
    }
  }
  const end = await ended;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (last?.word === 'failed') throw new UserError(ExitCode.failed, last.message, last.hint);
  if (last === null || last.word === 'progress' || last.word === 'begun')
    throw new UserError(ExitCode.failed, `the work on files ended without a word (${end})`);
  return last;
}

const NAMESPACE = ['--mount', '--propagation', 'private', '--'];

/** From how far it is to steps of the meter; each phase goes from nothing to its own total. */
function teller(meter: ProgressMeter): (word: Extract<FilesWord, { word: 'progress' }>) => void {
  let before: { phase: string; done: number } | null = null;
  return ({ phase, done, total }) => {
    if (before?.phase !== phase) {
      meter.begin(phase, bytes(total));
      before = { phase, done: 0 };
    }
    const step = Math.max(0, done - before.done);
    meter.add({ done: step, read: step, written: step });
    if (before.done === 0) meter.end();
    before = { phase, done: Math.max(done, before.done) };
  };
}

function resultOf({ verify, files }: FilesCopy, done: FilesDone, seconds: number): CopyResult {
  return {
    mode: 'files',
    reason: done.made
      ? `a new ${files.fileSystem} was made for them`
      : 'what was there already is left as it is',
    bytesRead: { source: bytes(done.written), target: bytes(0) },
    bytesWritten: bytes(done.written),
    bytesSkipped: bytes(Math.max(0, done.total - done.written)),
    verified: {
      level: verify,
      against: verify === 'none' ? null : 'source',
      bytes: bytes(verify === 'full' ? done.total : 0),
    },
    digest: done.digest,
    unreadable: [],
    seconds,
  };
}
