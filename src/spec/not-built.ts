/**
 * Keys of the format whose behaviour is not built yet. They are refused by name, for a setting that is ignored is
 * worse than one that is missing. When one is built, its line goes.
 */
import type { Diagnostic } from '../diagnostics.ts';
import { at, policyPaths } from './check-values.ts';
import type { SpecFile } from './file.ts';
import type { Path, Places } from './locate.ts';

interface NotBuilt {
  readonly path: Path;
  /** The value that does nothing beyond the default, and is therefore taken. */
  readonly harmless?: (value: unknown) => boolean;
}

const IN_A_POLICY: readonly NotBuilt[] = [{ path: ['method'], harmless: (value) => value === 'image' }];

export function notBuiltYet(file: SpecFile, places: Places): Diagnostic[] {
  const inPolicies = policyPaths(file).flatMap((base) =>
    IN_A_POLICY.map((one) => ({ ...one, path: [...base, ...one.path] })),
  );
  const all: NotBuilt[] = [...inPolicies];
  return all.flatMap(({ path, harmless }) => {
    const value = at(file, path);
    if (value === undefined || value === null || harmless?.(value)) return [];
    const key = path
      .filter((step) => typeof step === 'string')
      .slice(-2)
      .join('.');
    return [
      {
        code: 'not-built',
        severity: 'error',
        message: `${trimmed(key)} is part of the format, but this version of lvmbackup cannot do it yet`,
        hint: 'take it out: nothing is ignored here in silence',
        range: places.key(path),
      },
    ];
  });
}

/** `volumes.tracking` is `tracking` to the reader. */
function trimmed(key: string): string {
  return key.replace(/^(volumes|defaults|policies)\./, '');
}
