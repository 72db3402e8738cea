/** `lvmbackup verify`: reads restore points again, past the page cache, and holds them against their digests. */
import { must, withActivePoint } from '../apply/active-point.ts';
import { timeText } from '../apply/placeholders.ts';
import { rememberVerdict } from '../apply/remember-verdict.ts';
import { setDirty } from '../copy/dirty-mark.ts';
import { type OpenManifest, openManifest } from '../copy/manifest-reader.ts';
import { type OpenSource, openSource } from '../copy/open-end.ts';
import { type PointRead, placesOf, readPoint } from '../copy/read-point.ts';
import { ExitCode, UserError } from '../errors.ts';
import { type Child, filesOn } from '../files/step.ts';
import type { Argv } from '../lvm/commands.ts';
import type { Inventory } from '../lvm/inventory.ts';
import { runCommand } from '../lvm/spawn.ts';
import { FILE_LIST_DIGEST } from '../plan/files.ts';
import { type PointsToVerify, pointsToVerify } from '../plan/points-to-verify.ts';
import { pointIn, type RestorePoint } from '../plan/restore-points.ts';
import { bytes } from '../units.ts';
import { type VerifiedPoint, type VerifyView, verifyJson, verifyText } from '../views/verify.ts';
import type { Io } from './io.ts';
import { ownProgram } from './own-program.ts';
import { groupOfFile, readMachine } from './read-machine.ts';
import { unknownPoint } from './restore.ts';
import { SIGNAL_CODES, type StopSignal, withSignals } from './signals.ts';
import { manifestPath } from './state-folder.ts';
import { withLock } from './with-lock.ts';

export interface VerifyOptions {
  readonly file?: string;
  readonly sample?: string;
  readonly stateDir: string;
  readonly format: 'text' | 'json';
}

export async function verify(sources: readonly string[], options: VerifyOptions, io: Io): Promise<ExitCode> {
  const json = options.format === 'json';
  const sample = options.sample === undefined ? null : percentOf(options.sample);
  const group = groupOfFile(options.file, io, json);
  if (group === undefined) return ExitCode.badInput;
  const view = json ? verifyJson(io.out, sample) : verifyText(io);
  return withLock(io, async (lock) => {
    const inventory = await readMachine();
    const wanted = chosen(inventory, sources, group);
    const files = { lock: lock.fd, program: ownProgram() };
    const job = { inventory, sample, stateDir: options.stateDir, view, files };
    let stopped: StopSignal | null = null;
    const hear = (signal: StopSignal) => {
      stopped = signal;
    };
    const done: VerifiedPoint[] = [];
    try {
      await withSignals(hear, async (signal) => {
        for (const point of wanted.points) done.push(await verifyOne(point, job, signal));
      });
    } catch (error) {
      if (stopped === null) throw error;
    }
    view.end(done, wanted.passedOver);
    if (stopped !== null) return SIGNAL_CODES[stopped];
    return isAllWell(done, wanted, sources) ? ExitCode.done : ExitCode.attention;
  });
}

/** Nothing read is nothing proven: the disk with the points may be away. */
function isAllWell(
  done: readonly VerifiedPoint[],
  { passedOver }: PointsToVerify,
  sources: readonly string[],
): boolean {
  const isRead = (source: string) => done.some((one) => [one.source, one.volume].includes(source));
  const isDamaged = passedOver.some(({ point }) => point.state === 'damaged');
  return done.length > 0 && done.every(({ ok }) => ok) && sources.every(isRead) && !isDamaged;
}

function percentOf(text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1] ?? Number.NaN);
  if (percent > 0 && percent <= 100) return percent;
  throw new UserError(ExitCode.badInput, `--sample ${text} is no share of a point`, 'write it as 5%');
}

function chosen(inventory: Inventory, sources: readonly string[], group: string | null) {
  try {
    return pointsToVerify(inventory, sources, group);
  } catch (error) {
    throw unknownPoint(error, sources[0] ?? '');
  }
}

interface Job {
  readonly inventory: Inventory;
  readonly sample: number | null;
  readonly stateDir: string;
  readonly view: VerifyView;
  /** For points of `method: files`. */
  readonly files: Omit<Child, 'signal'>;
}

/**
 * One that cannot be opened stands for itself: the others are read all the same. What was found is remembered while the
 * point is still active, so that nothing that comes after it can lose it.
 */
async function verifyOne(point: RestorePoint, job: Job, signal: AbortSignal): Promise<VerifiedPoint> {
  const found: VerifiedPoint[] = [];
  job.view.begin(point);
  try {
    await withActivePoint(point, job.inventory, runCommand, async () => {
      found.push(await judged(point, job, signal));
    });
  } catch (error) {
    if (found.length > 0 || signal.aborted || !(error instanceof UserError)) throw error;
    found.push(notRead(point, error));
  }
  const [verified] = found;
  if (!verified) throw new Error(`${point.path} was neither read nor passed over`);
  job.view.done(verified);
  return verified;
}

function notRead({ source, path: volume, time, size }: RestorePoint, { message }: UserError): VerifiedPoint {
  const nothing = { ok: false, damaged: null, bytes: bytes(0), sampled: null };
  return { source, volume, time, size, ...nothing, unread: message };
}

async function judged(point: RestorePoint, job: Job, signal: AbortSignal): Promise<VerifiedPoint> {
  const time = timeText(new Date());
  const { read, sampled } = await readOne(point, job, signal);
  const whole = sampled !== null || read.digest === point.digest;
  const ok = whole && (read.wrong?.length ?? 0) === 0 && read.unreadable.length === 0;
  if (!ok) await distrust(point, job);
  // A clean sample proves nothing of the rest: only damage is remembered of it.
  const untagged = sampled === null || !ok ? await remembered(point, { time, ok }) : null;
  const { source, path: volume, size } = point;
  return {
    ...{ source, volume, time: point.time, ok, damaged: ok ? [] : placesOf(read) },
    ...{ bytes: read.bytes, size, sampled, ...(untagged === null ? {} : { untagged }) },
  };
}

/** In the point's tags, and in those of what shares its blocks; gives why that could not be done, where it could not. */
async function remembered(
  point: RestorePoint,
  verdict: { time: string; ok: boolean },
): Promise<string | null> {
  try {
    const command = (argv: Argv) => must(argv, runCommand);
    await rememberVerdict({ volume: point.path, digest: point.digest }, verdict, readMachine, command);
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Without a manifest a sample could be held against nothing: then all is read. Of files their list is what is held. */
async function readOne(
  point: RestorePoint,
  { sample, stateDir, view, files }: Job,
  signal: AbortSignal,
): Promise<{ read: PointRead; sampled: number | null }> {
  if (point.digest?.startsWith(FILE_LIST_DIGEST)) {
    const { digest, used } = await filesOn(`/dev/${point.path}`, { ...files, signal });
    return { read: { digest, wrong: null, unreadable: [], bytes: bytes(used) }, sampled: null };
  }
  const source = await openSource(`/dev/${point.path}`);
  try {
    const size = point.size ?? source.size;
    const manifest = await manifestOf(point, source, stateDir);
    const sampled = manifest ? sample : null;
    if (sample !== null && sampled === null) view.inFull(point);
    try {
      const read = await readPoint({
        source,
        size,
        manifest,
        sample: sampled,
        signal,
        onProgress: view.progress,
      });
      return { read, sampled };
    } finally {
      await manifest?.close();
    }
  } finally {
    await source.close();
  }
}

/** One that describes this very content: of this volume, with the digest that the tags carry. A dirty mark beside it is of later. */
async function manifestOf(
  point: RestorePoint,
  { device, size }: OpenSource,
  stateDir: string,
): Promise<OpenManifest | null> {
  const path = manifestPath(stateDir, device.identity);
  const found = await openManifest(path);
  if (!found || !('header' in found)) return null;
  const { target, digest, size: described } = found.header;
  const isOfThis =
    target === device.identity && digest === point.digest && described === (point.size ?? size);
  if (isOfThis) return found;
  await found.close();
  return null;
}

/** What the kernel knows an LVM volume by: both UUIDs without their hyphens. */
function mapperIdentity(group: string, volume: string): string {
  return `dm LVM-${`${group}${volume}`.replaceAll('-', '')}`;
}

/** A head shares with each of its points the chunks that were not written since: also with an older one. */
function sharesChunks(other: RestorePoint, point: RestorePoint): boolean {
  if (other.path === point.path) return true;
  return other.kind === 'head' && point.kind === 'point' && other.sourceId === point.sourceId;
}

/** What is remembered of the damaged volume, and of a head that shares its chunks, is not believed any more. */
async function distrust(point: RestorePoint, { inventory, stateDir }: Job): Promise<void> {
  const group = inventory.groups.get(point.volume.group);
  for (const volume of group?.volumes.values() ?? []) {
    const other = pointIn(volume);
    if (!other || !sharesChunks(other, point)) continue;
    const path = manifestPath(stateDir, mapperIdentity(group?.uuid ?? '', volume.uuid));
    const found = await openManifest(path);
    if (!found) continue;
    if ('header' in found) await found.close();
    await setDirty(path, 'anything');
  }
}
