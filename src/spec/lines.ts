/** Offsets in a text to lines and columns, both one-based, as editors count them. */
import type { Position, Range } from '../diagnostics.ts';

export class Lines {
  /** The offset at which each line begins. */
  readonly #starts: readonly number[];

  constructor(readonly text: string) {
    this.#starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  /** An offset beyond the text is its end. */
  position(offset: number): Position {
    const within = Math.min(Math.max(0, offset), this.text.length);
    let line = 0;
    let beyond = this.#starts.length;
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1;
      if ((this.#starts[middle] ?? 0) <= within) line = middle;
      else beyond = middle;
    }
    return { line: line + 1, column: within - (this.#starts[line] ?? 0) + 1 };
  }

  /** From `start` up to `end`, at least one character. */
  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(Math.max(end, start + 1)) };
  }
}
