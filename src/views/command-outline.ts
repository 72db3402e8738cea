/** The command tree as data: what completion and man pages are made from. */

export interface CommandOutline {
  readonly name: string;
  readonly description: string;
  /** Under which help lists it; empty for the root. */
  readonly heading: string;
  readonly arguments: readonly ArgumentOutline[];
  readonly options: readonly OptionOutline[];
  readonly examples: readonly string[];
  readonly commands: readonly CommandOutline[];
}

export interface ArgumentOutline {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly values: Values;
}

export interface OptionOutline {
  /** With their dashes: `-f`, `--file`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What it takes; null where it takes nothing. */
  readonly value: { readonly name: string; readonly values: Values } | null;
  readonly repeatable: boolean;
  /** As help shows it. */
  readonly default: string | null;
}

/** What can stand there: one of some words, a file or folder, or something that no list tells. */
export type Values =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'path' }
  | { readonly kind: 'free' };
