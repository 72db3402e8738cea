/** `lvmbackup copy`: the copy engine by itself, between two devices or files of any kind. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { acquireLock, type Lock } from '../apply/lock.ts';
import { type CopyOptions, copy } from '../copy/copy.ts';
import { dirtyPath } from '../copy/dirty-mark.ts';
import { openManifest } from '../copy/manifest-reader.ts';
import { type OpenSource, type OpenTarget, openSource } from '../copy/open-end.ts';
import type { VerifyLevel } from '../copy/verify.ts';
import { ExitCode, UserError } from '../errors.ts';
import { parseRate } from '../spec/sizes.ts';
import type { Bytes } from '../units.ts';
import { bytesText } from '../units-text.ts';
import { copyJson } from '../views/copy-json.ts';
import { copyText } from '../views/copy-text.ts';
import type { CopyView } from '../views/copy-view.ts';
import { confirm } from './confirm.ts';
import { prepareTarget, whatIsOn } from './copy-ends.ts';
import { gently } from './copy-step.ts';
import type { Io } from './io.ts';
import { readList } from './read-list.ts';
import { SIGNAL_CODES, type StopSignal, withSignals } from './signals.ts';

export interface CopyCommandOptions {
  readonly manifest?: string;
  readonly list?: string;
  readonly verify: VerifyLevel;
  readonly rate?: string;
  readonly onReadError: 'stop' | 'skip';
  readonly autoApprove?: boolean;
  readonly format: 'text' | 'json';
}

export async function copyCommand(
  from: string,
  to: string,
  options: CopyCommandOptions,
  io: Io,
  version: string,
): Promise<ExitCode> {
  const rate = options.rate === undefined ? null : rateOf(options.rate);
  const view = options.format === 'json' ? copyJson(io.out, () => new Date()) : copyText(io);
  view.begin(from, to, version);
  const lock = lockFor(to);
  try {
    const source = await opened(from);
    try {
      const list = options.list === undefined ? null : await readList(options.list, source.size);
      const ask = (target: OpenTarget) => confirmLoss(target, options, io);
      const { target, isNew } = await prepareTarget(to, source, ask);
      try {
        const job = { ...(await jobOf(source, target, options)), source, target, rate, list };
        return await run({ ...job, targetReadsZero: isNew }, view);
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  } finally {
    lock?.release();
  }
}

/** A source that cannot be opened is a slip on the command line. */
async function opened(from: string): Promise<OpenSource> {
  try {
    return await openSource(from);
  } catch (cause) {
    throw new UserError(ExitCode.badInput, (cause as Error).message, undefined, { cause });
  }
}

function rateOf(text: string): Bytes {
  const parsed = parseRate(text);
  if ('fault' in parsed)
    throw new UserError(ExitCode.badInput, `--rate ${text}: ${parsed.fault}`, parsed.hint);
  return parsed.value;
}

/** What can change a volume waits for the runs that do; files in people's own folders are their own. */
function lockFor(to: string): Lock | null {
  const stat = statSync(to, { throwIfNoEntry: false });
  return stat?.isBlockDevice() ? acquireLock(process.argv.slice(2), new Date()) : null;
}

/** A target that its manifest knows was made by this command. */
async function confirmLoss(
  target: OpenTarget,
  { autoApprove, manifest }: CopyCommandOptions,
  io: Io,
): Promise<void> {
  if (autoApprove || (await isKnownTo(manifest, target))) return;
  const what = await whatIsOn(target);
  if (what === null && target.device.kind === 'file') return;
  const holds = what === null ? 'is blank' : `holds ${what}`;
  await confirm(
    `${target.name} (${bytesText(target.size)}) ${holds}. Write over it?`,
    `${target.name} ${holds}; -y writes over it without a question`,
    io,
  );
}

async function isKnownTo(manifest: string | undefined, { device }: OpenTarget): Promise<boolean> {
  const found = manifest === undefined ? null : await openManifest(manifest);
  if (!found || !('header' in found)) return false;
  await found.close();
  return found.header.target === device.identity;
}

type Job = Omit<CopyOptions, 'signal' | 'onProgress'>;

/** With nothing that tells what the target holds, everything is copied. */
async function jobOf(
  source: OpenSource,
  target: OpenTarget,
  { manifest, list, verify, onReadError }: CopyCommandOptions,
): Promise<Pick<Job, 'size' | 'mode' | 'manifest' | 'verify' | 'onReadError'>> {
  const path = manifest === undefined ? null : resolve(manifest);
  const isRemembered = path !== null && (existsSync(path) || existsSync(dirtyPath(path)));
  return {
    size: source.size,
    mode: isRemembered || list !== undefined ? 'changed' : 'full',
    manifest: path === null ? null : placeOf(path, source, target),
    ...{ verify, onReadError },
  };
}

function placeOf(path: string, source: OpenSource, target: OpenTarget): CopyOptions['manifest'] {
  return { path, source: source.device.identity, target: target.device.identity, digest: null };
}

async function run(job: Job, view: CopyView): Promise<ExitCode> {
  let stopped: StopSignal | null = null;
  const hear = (signal: StopSignal) => {
    stopped = signal;
    view.interrupted(signal);
  };
  try {
    const result = await withSignals(hear, (signal) =>
      gently(job.rate, () => copy({ ...job, signal, onProgress: view.progress })),
    );
    const code = result.unreadable.length > 0 ? ExitCode.partly : ExitCode.done;
    view.done(result, code);
    return code;
  } catch (error) {
    if (stopped === null) throw error;
    view.stopped(stopped, SIGNAL_CODES[stopped]);
    return SIGNAL_CODES[stopped];
  }
}
