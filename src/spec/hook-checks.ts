/**
 * No hook may freeze a file system whose volume is about to be snapshotted: LVM freezes it by itself, and where it is
 * frozen already lvcreate fails half-way, with a volume left behind. What a script does inside cannot be seen here.
 */
import type { Diagnostic } from '../diagnostics.ts';
import { at, policyPaths } from './check-values.ts';
import type { SpecFile } from './file.ts';
import type { Places } from './locate.ts';

/** As the program, behind another one (sudo, nice), or as a word of a shell line. */
const FREEZES = /(^|[\s;&|/(])(fsfreeze|xfs_freeze)([\s;&|)]|$)|(^|[\s;&|/(])dmsetup\s+suspend\b/;

const MOMENTS = ['before', 'after', 'onSuccess', 'onFailure'];

export function freezingHooks(file: SpecFile, places: Places): Diagnostic[] {
  const holders = [...policyPaths(file), ...Object.keys(file.sets ?? {}).map((name) => ['sets', name])];
  const lists = holders.flatMap((path) => MOMENTS.map((moment) => [...path, 'hooks', moment]));
  return lists.flatMap((path) => {
    const hooks = at(file, path);
    if (!Array.isArray(hooks)) return [];
    return hooks.flatMap((argv: readonly string[], index) => {
      const found = freezer(argv);
      if (found === null) return [];
      return {
        code: 'freezes',
        severity: 'error',
        message: `a hook must not freeze a file system (${found}): LVM freezes what it snapshots by itself, and fails where it is frozen already`,
        hint: 'leave it out; for a plain device there is freeze: true',
        range: places.value([...path, index]),
      } as const;
    });
  });
}

function freezer(argv: readonly string[]): string | null {
  return (
    FREEZES.exec(argv.join(' '))?.[0]
      .trim()
      .replace(/^[;&|/(\s]+/, '') ?? null
  );
}
