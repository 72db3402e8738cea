/** Peak memory on a volume far larger than the machine: a file of holes, with some data in it, through manifests. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../src/units.ts';
import { lvmbackup } from './copy-candidates.ts';
import { type Piece, scramble } from './copy-changes.ts';
import { type Measured, measure } from './copy-measure.ts';

const PIECES = 64;

export async function measureSparse(
  folder: string,
  size: number,
  say: (name: string, measured: Measured) => void,
): Promise<void> {
  const [source, target, manifest] = ['holes', 'holes-copy', 'holes-manifest'].map((name) =>
    join(folder, name),
  );
  if (!source || !target || !manifest) return;
  const pieces: Piece[] = Array.from({ length: PIECES }, (_, index) => ({
    start: Math.floor(size / PIECES / MiB) * MiB * index,
    length: MiB,
  }));
  writeFileSync(source, '');
  truncateSync(source, size);
  scramble({ path: source, file: source }, pieces);
  try {
    const copyWith = (verify: string) =>
      measure([lvmbackup(source, target, '--manifest', manifest, '--verify', verify)]);
    say('lvmbackup, full, to a new file, keeping a manifest', await copyWith('none'));
    say('lvmbackup, manifest, nothing changed', await copyWith('none'));
    say('lvmbackup, manifest, --verify full', await copyWith('full'));
  } finally {
    for (const path of [source, target, manifest]) rmSync(path, { force: true });
  }
}
