/** The process as commands see it: where they write, and in what style. */
import { type Style, styleFor, wantsColour } from '../views/style.ts';

export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and messages. */
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Standard error is a terminal: a line can be drawn over. */
  readonly live: boolean;
  /** Someone can answer a question. */
  readonly canAsk: boolean;
}

export function processIo(noColor: boolean): Io {
  const { stdout, stderr, stdin, env } = process;
  // A reader that went away ends the talk, not the run.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outStyle: styleFor(wantsColour(stdout, env, noColor)),
    errStyle: styleFor(wantsColour(stderr, env, noColor)),
    live: stderr.isTTY === true,
    canAsk: stdin.isTTY === true,
  };
}
