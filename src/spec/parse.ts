/** backup.yaml to the resolved Spec, or everything that is wrong with it, in the order of the file. Pure. */
import type { Diagnostic } from '../diagnostics.ts';
import { schemas } from '../generated/schemas.js';
import { validateBackup } from '../generated/validators.js';
import { checkValues } from './check-values.ts';
import { crossChecks } from './cross-checks.ts';
import type { SpecFile } from './file.ts';
import { readText } from './limits.ts';
import type { Places } from './locate.ts';
import { readYaml } from './read-yaml.ts';
import { resolveSpec } from './resolve.ts';
import { schemaDiagnostics } from './schema-errors.ts';
import type { Spec } from './spec.ts';

export type SpecResult =
  | {
      readonly spec: Spec;
      readonly warnings: readonly Diagnostic[];
      readonly text: string;
      /** As written, and where everything stands: for what compares files or judges their style. */
      readonly file: SpecFile;
      readonly places: Places;
    }
  /** `text` is what can be shown of the file: empty where it is too large. */
  | { readonly errors: readonly Diagnostic[]; readonly text: string };

/** Each step needs the one before it: names are only looked at in a file whose shape is right. */
export function parseSpec(source: Uint8Array): SpecResult {
  const { text, error } = readText(source);
  if (error) return { errors: [error], text };
  const yaml = readYaml(text);
  if ('errors' in yaml) return { errors: inOrder(yaml.errors), text };
  const { data, places } = yaml;
  const faults = validateBackup(data) ? [] : (validateBackup.errors ?? []);
  const shape = schemaDiagnostics(faults, places, schemas.backup);
  // A key too many leaves the rest readable, so that its errors are shown too.
  if (faults.some(({ keyword }) => keyword !== 'additionalProperties'))
    return { errors: inOrder(shape), text };
  const file = data as SpecFile;
  const values = [...shape, ...checkValues(file, places)];
  if (values.some(({ code }) => code === 'bad-value')) return { errors: inOrder(values), text };
  const spec = resolveSpec(file);
  const found = [...values, ...crossChecks(file, spec, places)];
  const errors = found.filter(({ severity }) => severity === 'error');
  return errors.length > 0
    ? { errors: inOrder(errors), text }
    : { spec, warnings: inOrder(found), text, file, places };
}

export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const place = ({ range }: Diagnostic) => (range?.start.line ?? 0) * 1_000_000 + (range?.start.column ?? 0);
  return [...diagnostics].sort((a, b) => place(a) - place(b));
}
