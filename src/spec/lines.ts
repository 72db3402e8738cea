/** Offsets in a text to lines and columns, both one-based, as editors count them. */
import type { Node } from 'yaml';
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

  /** From `start` up to `end`, at least one character; none only where a line or the text ends. */
  range(start: number, end: number): Range {
    const atLeast = /^\r?\n/.test(this.text.slice(start, start + 2)) ? start : start + 1;
    return { start: this.position(start), end: this.position(Math.max(end, atLeast)) };
  }

  /** The text of a node, without the comments behind it. */
  rangeOf(node: Node | null | undefined): Range {
    const [start, end] = node?.range ?? [0, 0];
    return this.range(start, end);
  }
}
