/** Files in few words, and what is said of them. */
import type { Diagnostic } from '../../src/diagnostics.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import type { Spec, VolumeSpec } from '../../src/spec/spec.ts';

export function parse(text: string | Uint8Array) {
  return parseSpec(typeof text === 'string' ? new TextEncoder().encode(text) : text);
}

export function specOf(text: string): Spec {
  const result = parse(text);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors, null, 1));
  return result.spec;
}

export function errorsOf(text: string | Uint8Array): readonly Diagnostic[] {
  const result = parse(text);
  return 'errors' in result ? result.errors : [];
}

/** `LINE:COLUMN code «text that it points at»`, one for each error. */
export function pointed(text: string): string[] {
  const lines = text.split('\n');
  return errorsOf(text).map(({ range, code }) => {
    if (!range) return code;
    const { start, end } = range;
    const line = lines[start.line - 1] ?? '';
    const marked = line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
    return `${start.line}:${start.column} ${code} «${marked}»`;
  });
}

export const file = (volumes: string, rest = '') =>
  `version: 1\ngroup: {name: B}\n${rest}volumes:\n${volumes.replace(/^/gm, '  ')}\n`;

/** The only volume of a file that is right. */
export function volumeOf(volumes: string, rest = ''): VolumeSpec {
  const [volume, second] = specOf(file(volumes, rest)).volumes;
  if (!volume || second) throw new Error('not one volume');
  return volume;
}
