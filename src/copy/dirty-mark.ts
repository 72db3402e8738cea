/**
 * The dirty mark: a file beside the manifest, from before the first write to the target until the manifest describes
 * the target again. Where it is found, a run was cut, and the manifest says what the target was before that.
 *
 * It names the chunks that the run was going to look at, where that was known. These matter even where the source
 * gives no reason to look at them again: what the cut run wrote there may have been taken back on the source since.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { type ByteRange, RangeSet } from '../ranges.ts';
import { keeping } from './keeping.ts';
import { syncFolder } from './manifest-writer.ts';

/** What a cut run may have written: these ranges, or anything. */
export type Doubt = { readonly ranges: RangeSet } | 'anything';

/** More are rounded outwards, so that the mark stays small. */
const MOST_RANGES = 10_000;

export function dirtyPath(manifest: string): string {
  return `${manifest}.dirty`;
}

/** On stable storage when it returns. Throws UserError where it cannot be. */
export async function setDirty(manifest: string, doubt: Doubt): Promise<void> {
  const path = dirtyPath(manifest);
  const ranges = doubt === 'anything' ? doubt : [...doubt.ranges].map(({ start, length }) => [start, length]);
  await keeping(path, async () => {
    try {
      await writeStable(`${path}.new`, JSON.stringify({ version: 1, ranges }));
      await rename(`${path}.new`, path);
    } catch (error) {
      await rm(`${path}.new`, { force: true });
      throw error;
    }
    await syncFolder(path);
  });
}

async function writeStable(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Throws UserError where it cannot be taken away. */
export async function clearDirty(manifest: string): Promise<void> {
  const path = dirtyPath(manifest);
  await keeping(path, async () => {
    await rm(path, { force: true });
    await syncFolder(path);
  });
}

/** Null where no run was cut. A mark that cannot be understood stands for anything. */
export async function readDirty(manifest: string): Promise<Doubt | null> {
  let text: string;
  try {
    text = await readFile(dirtyPath(manifest), 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'anything';
  }
  try {
    const { version, ranges } = JSON.parse(text);
    if (version !== 1 || !Array.isArray(ranges)) return 'anything';
    return { ranges: smallSet(ranges.map(([start, length]) => ({ start, length }))) };
  } catch {
    return 'anything';
  }
}

/** The ranges of several sets in one that is small enough for a mark. */
export function smallSet(...lists: readonly Iterable<ByteRange>[]): RangeSet {
  const set = new RangeSet(MOST_RANGES);
  for (const list of lists) for (const { start, length } of list) set.add(start, length);
  return set;
}
