/** What is wrong with an input file, and where: values to collect and show together, not exceptions. */

/** One-based line and column; the column counts UTF-16 units, as editors do. `end` is exclusive. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Diagnostic {
  /** Stable, lower-case, dashed: `unknown-key`, `bad-size`, … */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** One sentence without a full stop: what is wrong. */
  readonly message: string;
  /** What to write instead, or where to look. */
  readonly hint?: string;
  /** Missing only where the file as a whole is meant (it does not exist, it is a directory). */
  readonly range?: Range;
}
