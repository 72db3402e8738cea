/**
 * What differs between two snapshots of a thin volume, from the metadata of their pool: a metadata snapshot is
 * reserved, so that the pool can work on, thin_delta compares the two in it, and it is released whatever happens.
 *
 * A pool has at most one metadata snapshot, and the kernel refuses a second: one that is there already is somebody
 * else's, or that of a run that was killed. It is never released here.
 */

import type { RangeSet } from '../ranges.ts';
import { type ChangeList, listOrFault, NoList, type Span } from './change-list.ts';
import { releaseMetadataSnapshot, reserveMetadataSnapshot } from './commands.ts';
import { failed, heldRoot } from './dm-status.ts';
import { mapperName, mapperPath } from './mapper.ts';
import type { RunCommand, StreamCommand } from './spawn.ts';
import { ThinDelta } from './thin-delta.ts';

export interface ThinPair {
  readonly group: string;
  readonly pool: string;
  /** Thin identifiers (`lvs -o thin_id`): of the base, which was copied last time, and of the new snapshot. */
  readonly base: number;
  readonly now: number;
  readonly span: Span;
}

export interface ThinTools {
  readonly run: RunCommand;
  readonly stream: StreamCommand;
  readonly signal: AbortSignal;
}

/** Throws the signal's reason, after the release. Whatever else stands against a list comes back as data. */
export function thinList(pair: ThinPair, tools: ThinTools): Promise<ChangeList> {
  const { group, pool } = pair;
  return listOrFault(`${group}/${pool}`, async () => {
    tools.signal.throwIfAborted();
    await checkVersion(tools.run);
    return withMetadataSnapshot(mapperName(group, pool, 'tpool'), tools.run, () => compare(pair, tools));
  });
}

async function compare({ group, pool, base, now, span }: ThinPair, tools: ThinTools): Promise<RangeSet> {
  const delta = new ThinDelta(base, now, span);
  const metadata = mapperPath(group, `${pool}_tmeta`);
  const argv = ['thin_delta', '-m', '--thin1', String(base), '--thin2', String(now), metadata];
  const result = await tools.stream(argv, (text) => delta.take(text), tools.signal);
  if (result.exitCode !== 0)
    throw new NoList('thin-delta-failed', failed('thin_delta could not compare', result));
  return delta.finish();
}

async function withMetadataSnapshot<T>(pool: string, run: RunCommand, work: () => Promise<T>): Promise<T> {
  if ((await heldRoot(pool, run)) !== null) throw held(pool);
  const reserved = await run(reserveMetadataSnapshot(pool));
  if (reserved.exitCode !== 0)
    throw new NoList('not-reserved', failed('no metadata snapshot is given', reserved));
  let root: string | null | undefined;
  try {
    root = await heldRoot(pool, run);
    return await work();
  } finally {
    await release(pool, root, run);
  }
}

/** Only ours: one in another place was reserved by somebody who had released ours, so nothing read from it counts. */
async function release(pool: string, root: string | null | undefined, run: RunCommand): Promise<void> {
  const now = await heldRoot(pool, run).catch(() => root);
  if (root !== undefined && now !== root) {
    throw new NoList('not-reserved', 'somebody else released its metadata snapshot while that was read');
  }
  const released = await run(releaseMetadataSnapshot(pool));
  if (released.exitCode === 0) return;
  throw new NoList(
    'not-released',
    failed(`its metadata snapshot stays reserved until ${spelled(pool)} works`, released),
  );
}

function held(pool: string): NoList {
  const text = 'it has a metadata snapshot already, of another program or of a run that was killed';
  return new NoList('held', `${text}; where nobody uses it, ${spelled(pool)} releases it`);
}

function spelled(pool: string): string {
  return `"${releaseMetadataSnapshot(pool).join(' ')}"`;
}

/**
 * Versions 1.0.0 to 1.0.5 take neighbouring blocks for one run wherever their data are, and call changed blocks the
 * same ("Fix range mappings preprocessing in thin_delta", 1.0.6); before 0.7.0 changes at the end were missed.
 */
async function checkVersion(run: RunCommand): Promise<void> {
  const result = await run(['thin_delta', '-V']);
  const [text, ...parts] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(result.stdout) ?? [];
  if (result.exitCode !== 0 || text === undefined) {
    throw new NoList('thin-delta-failed', failed('thin_delta does not tell its version', result));
  }
  if (isSound(parts.map((part) => Number(part ?? 0)))) return;
  throw new NoList(
    'old-thin-delta',
    `thin_delta ${text} misses changes: 0.7.0 to 0.9.0 do not, nor does 1.0.6 or later`,
  );
}

function isSound([major = 0, minor = 0, patch = 0]: readonly number[]): boolean {
  if (major === 0) return minor >= 7;
  return major > 1 || minor > 0 || patch >= 6;
}
