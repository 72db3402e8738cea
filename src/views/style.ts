/**
 * Colour for one stream. kleur decides once, at import, from standard output alone; here each stream has its own
 * answer, and an empty NO_COLOR counts as none, as its convention says.
 */
import kleur from 'kleur';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const plain = (text: string): string => text;

export const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

export function styleFor(colour: boolean): Style {
  if (!colour) return PLAIN;
  kleur.enabled = true;
  return {
    bold: (text) => kleur.bold(text),
    dim: (text) => kleur.dim(text),
    red: (text) => kleur.red(text),
    green: (text) => kleur.green(text),
    yellow: (text) => kleur.yellow(text),
    cyan: (text) => kleur.cyan(text),
  };
}

/** Whether a stream is written in colour: --no-color, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  noColorFlag: boolean,
): boolean {
  if (noColorFlag || environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
