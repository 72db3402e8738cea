/** Takes documents from outside apart: what has not the shape that is read is an error that says where, never a crash. */
import { ExitCode, UserError } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a document that is not what it is taken for. */
export function malformed(message: string, hint?: string): UserError {
  return new UserError(ExitCode.badInput, message, hint);
}

/** `where` names the place for people: `the state's "links"`. The functions below throw UserError (exit 3). */
export function object(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw malformed(`${where} is no object but ${kindOf(value)}`);
}

export function listOf<T>(
  value: unknown,
  where: string,
  item: (value: unknown, where: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw malformed(`${where} is no list but ${kindOf(value)}`);
  return value.map((one, index) => item(one, `${where}, entry ${index + 1},`));
}

/** The values of an object that is used as a map. */
export function mapOf<T>(
  value: unknown,
  where: string,
  item: (value: unknown, where: string) => T,
): Map<string, T> {
  const entries = Object.entries(object(value, where));
  return new Map(entries.map(([key, one]) => [key, item(one, `${where}, entry ${JSON.stringify(key)},`)]));
}

export function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw malformed(`${where} is no text but ${kindOf(value)}`);
}

export function textOrNull(value: unknown, where: string): string | null {
  return value === null || value === undefined ? null : text(value, where);
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw malformed(`${where} is neither true nor false but ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
