/** A list of byte ranges, one `START LENGTH` a line, in bytes: what `copy --list` is told to look at. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ExitCode, UserError } from '../errors.ts';
import { RangeSet } from '../ranges.ts';
import type { Bytes } from '../units.ts';

/** Empty lines, and what stands after a #, say nothing. Throws UserError (exit 3) with the line that is none. */
export async function readList(path: string, size: Bytes): Promise<RangeSet> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  const ranges = new RangeSet();
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      addLine(ranges, text, size, `${path}:${line}`);
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(ExitCode.badInput, `${path}: ${(cause as Error).message}`, undefined, { cause });
  }
  return ranges;
}

function addLine(ranges: RangeSet, text: string, size: Bytes, place: string): void {
  const words = text.replace(/#.*/, '').trim();
  if (words === '') return;
  const match = /^(\d+)\s+(\d+)$/.exec(words);
  if (!match) {
    throw new UserError(
      ExitCode.badInput,
      `${place}: this is no range`,
      'write where it starts and how long it is, in bytes: 1048576 4096',
    );
  }
  const [start, length] = [Number(match[1]), Number(match[2])];
  if (start + length > size) {
    throw new UserError(
      ExitCode.badInput,
      `${place}: this lies beyond the end of the source (${size} bytes)`,
    );
  }
  ranges.add(start, length);
}
