/**
 * What differs between two snapshots of a thin volume, from the metadata of their pool: thin_delta compares the two in
 * a metadata snapshot, so that the pool can work on.
 */

import type { RangeSet } from '../ranges.ts';
import { type ChangeList, listOrFault, NoList, type Span } from './change-list.ts';
import { failed } from './dm-status.ts';
import { mapperPath } from './mapper.ts';
import { type PoolName, withMetadataSnapshot } from './metadata-snapshot.ts';
import type { RunCommand, StreamCommand } from './spawn.ts';
import { ThinDelta } from './thin-delta.ts';

export interface ThinPair extends PoolName {
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
    return withMetadataSnapshot(pair, tools.run, () => compare(pair, tools));
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
