/**
 * The metadata snapshot of a thin pool: reserved while something reads it, and released whatever happens. A pool has at
 * most one, the kernel refuses a second, and it outlives the machine's next start.
 *
 * What is there already is released only where the pool's tag says that it is what a run of ours reserved, which is
 * dead.
 */
import { ExitCode, UserError } from '../errors.ts';
import { type ListFaultCode, NoList } from './change-list.ts';
import { type Argv, changeVolumeTags, releaseMetadataSnapshot, reserveMetadataSnapshot } from './commands.ts';
import { failed, heldRoot } from './dm-status.ts';
import { mapperName } from './mapper.ts';
import type { RunCommand } from './spawn.ts';
import { heldTag } from './tags.ts';

export interface PoolName {
  readonly group: string;
  readonly pool: string;
}

/**
 * Throws NoList where there is none to be had. The tag is there before the reservation and until after the release:
 * wherever this is cut, recovery knows of it.
 */
export async function withMetadataSnapshot<T>(
  name: PoolName,
  run: RunCommand,
  work: () => Promise<T>,
): Promise<T> {
  const layer = layerOf(name);
  if ((await heldRoot(layer, run)) !== null) throw held(layer);
  const tagged = (from: readonly string[], to: readonly string[], otherwise: string) =>
    must(run, changeVolumeTags(pathOf(name), from, to), 'not-reserved', otherwise);
  let tags = [heldTag(null)];
  await tagged([], tags, 'its tag is not taken');
  let stays = false;
  try {
    return await whileReserved(layer, run, async (root) => {
      await tagged(tags, [heldTag(root)], 'its tag is not taken');
      tags = [heldTag(root)];
      return work();
    });
  } catch (error) {
    stays = error instanceof NoList && error.code === 'not-released';
    throw error;
  } finally {
    if (!stays) await tagged(tags, [], 'its tag stays');
  }
}

/**
 * What a dead run reserved. It had none where another place is reserved now, or the run had not come to tell which:
 * that one is left alone. Throws UserError where it stays reserved.
 */
export async function releaseLeft(name: PoolName, root: string, run: RunCommand): Promise<void> {
  const layer = layerOf(name);
  try {
    if ((await heldRoot(layer, run)) !== root) return;
    await must(run, [releaseMetadataSnapshot(layer)], 'not-released', 'its metadata snapshot stays reserved');
  } catch (error) {
    if (!(error instanceof NoList)) throw error;
    throw new UserError(
      ExitCode.failed,
      `${pathOf(name)}: ${error.message}`,
      `where the pool works again, ${spelled(layer)} does it, and so does the next run`,
    );
  }
}

async function whileReserved<T>(
  layer: string,
  run: RunCommand,
  work: (root: string) => Promise<T>,
): Promise<T> {
  await must(run, [reserveMetadataSnapshot(layer)], 'not-reserved', 'no metadata snapshot is given');
  let root: string | null | undefined;
  try {
    root = await heldRoot(layer, run);
    if (root === null) throw new NoList('not-reserved', 'somebody else released its metadata snapshot');
    return await work(root);
  } finally {
    await release(layer, root, run);
  }
}

/** Only ours: one in another place was reserved by somebody who had released ours, so nothing read from it counts. */
async function release(layer: string, root: string | null | undefined, run: RunCommand): Promise<void> {
  const now = await heldRoot(layer, run).catch(() => root);
  if (root !== undefined && now !== root) {
    throw new NoList('not-reserved', 'somebody else released its metadata snapshot while that was read');
  }
  const otherwise = `its metadata snapshot stays reserved until ${spelled(layer)} works`;
  await must(run, [releaseMetadataSnapshot(layer)], 'not-released', otherwise);
}

/** Throws NoList with what `otherwise` says, and why. */
async function must(
  run: RunCommand,
  commands: readonly Argv[],
  code: ListFaultCode,
  otherwise: string,
): Promise<void> {
  for (const argv of commands) {
    const result = await run(argv);
    if (result.exitCode !== 0) throw new NoList(code, failed(otherwise, result));
  }
}

function held(layer: string): NoList {
  const text = 'it has a metadata snapshot already, which is none of this run';
  return new NoList('held', `${text}; where nobody uses it, ${spelled(layer)} releases it`);
}

function spelled(layer: string): string {
  return `"${releaseMetadataSnapshot(layer).join(' ')}"`;
}

function pathOf({ group, pool }: PoolName): string {
  return `${group}/${pool}`;
}

function layerOf({ group, pool }: PoolName): string {
  return mapperName(group, pool, 'tpool');
}
