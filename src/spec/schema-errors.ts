/** What the schema's validator finds, in our words and at the place that is meant. */
import type { ErrorObject } from 'ajv';
import type { Diagnostic, Range } from '../diagnostics.ts';
import type { Path, Places } from './locate.ts';
import { nearest } from './suggest.ts';

export function schemaDiagnostics(
  errors: readonly ErrorObject[],
  places: Places,
  schema: unknown,
): Diagnostic[] {
  const seen = new Set<string>();
  return errors.flatMap((error) => {
    if (isMisspelt(error, errors, schema)) return [];
    const diagnostic = diagnose(error, places, schema);
    // A wrong type breaks the enum of the same value too: one is enough.
    const key = JSON.stringify([error.instancePath, propertyOf(error)]);
    if (seen.has(key)) return [];
    seen.add(key);
    return [diagnostic];
  });
}

/** The key that an error is about; null where it is about the value. */
function propertyOf({ params }: ErrorObject): string | null {
  const { additionalProperty, missingProperty } = params as Record<string, string | undefined>;
  return additionalProperty ?? missingProperty ?? null;
}

/** A key that is missing because it stands there misspelt: what is said of the other is enough. */
function isMisspelt(error: ErrorObject, all: readonly ErrorObject[], schema: unknown): boolean {
  if (error.keyword !== 'required') return false;
  return all.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === error.instancePath &&
      nearest(propertyOf(other) ?? '', knownKeys(schema, other.schemaPath)) === propertyOf(error),
  );
}

function diagnose(error: ErrorObject, places: Places, schema: unknown): Diagnostic {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = knownKeys(schema, error.schemaPath);
      return problem(
        'unknown-key',
        `${key} is no key that is known here`,
        places.key([...path, key]),
        didYouMean(key, known),
      );
    }
    case 'required':
      return problem('missing-key', `${String(params.missingProperty)} is missing here`, places.value(path));
    case 'enum': {
      const allowed = (params.allowedValues as readonly unknown[]).filter((one) => one !== null).map(String);
      const hint = `it can be ${allowed.join(', ')}`;
      return problem(
        'bad-value',
        `this is not one of the values that ${nameOf(path)} can have`,
        places.value(path),
        hint,
      );
    }
    case 'type':
      return problem('bad-type', `${nameOf(path)} must be ${typeText(params.type)}`, places.value(path));
    case 'minimum':
      return problem(
        'bad-value',
        `${nameOf(path)} must be at least ${String(params.limit)}`,
        places.value(path),
      );
    case 'minItems':
      return problem('bad-value', `${nameOf(path)} must have at least one entry`, places.value(path));
    default:
      return problem('bad-value', `${nameOf(path)} ${error.message ?? 'is wrong'}`, places.value(path));
  }
}

function problem(code: string, message: string, range: Range, hint?: string): Diagnostic {
  return { code, severity: 'error', message, range, ...(hint === undefined ? {} : { hint }) };
}

/** JSON pointer to a path; digits stand for places in a list. */
function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function nameOf(path: Path): string {
  const name = path.findLast((step) => typeof step === 'string');
  const index = path.at(-1);
  if (typeof index === 'number') return `entry ${index + 1} of ${name}`;
  return name === undefined ? 'the file' : String(name);
}

const TYPES: Record<string, string> = {
  object: 'a map of keys and values',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function typeText(type: unknown): string {
  const types = (Array.isArray(type) ? type : [type]).map(String).filter((one) => one !== 'null');
  // Sizes and times take numbers only to say what unit they lack.
  const wanted = types.includes('string') ? ['string'] : types;
  return wanted.map((one) => TYPES[one] ?? one).join(' or ');
}

/** The `properties` beside the `additionalProperties` that an error's schema path names. */
function knownKeys(schema: unknown, schemaPath: string): string[] {
  const steps = schemaPath.replace(/^#\//, '').split('/').slice(0, -1);
  let node = schema as Record<string, unknown> | undefined;
  for (const step of steps) node = node?.[step.replaceAll('~1', '/')] as Record<string, unknown> | undefined;
  return Object.keys((node?.properties as object | undefined) ?? {});
}

function didYouMean(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === null ? `the keys here are ${known.join(', ')}` : `did you mean ${near}?`;
}
