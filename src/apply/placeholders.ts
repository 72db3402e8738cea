/** `{run}`, `{time}`, `{digest}` and `{used}` in the plan's commands: what only the run knows. */
import { encodeTagValue } from '../lvm/tags.ts';

export interface RunValues {
  /** When the run began, as 20261123T091500Z. */
  readonly run: string;
  /** When the source was frozen, RFC 3339 UTC. */
  readonly time?: string;
  readonly digest?: string;
  /** How full the pool is: `24.0:10.9`. */
  readonly used?: string;
}

/** Throws where a command asks for a value that is not known yet: it would be written as it stands. */
export function fillIn(argv: readonly string[], values: RunValues): string[] {
  return argv.map((word) =>
    word.replace(/\{(run|time|digest|used)\}/g, (_, name: keyof RunValues) => {
      const value = values[name];
      if (value === undefined) throw new Error(`the value of {${name}} is not known yet`);
      return encodeTagValue(isTag(word) ? value : value.replace(/[-:]/g, ''));
    }),
  );
}

/** In the name of a volume a time has no punctuation: 20261123T091500Z. */
function isTag(word: string): boolean {
  return /^lvmbackup\.[a-z]+=/.test(word);
}

/** RFC 3339 UTC in whole seconds. */
export function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The same without punctuation: 20261123T091500Z. */
export function compactTime(time: Date): string {
  return timeText(time).replace(/[-:]/g, '');
}
