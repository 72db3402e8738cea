/** A copy by itself as people follow it. */
import type { CopyResult } from '../copy/copy.ts';
import { bytesText } from '../units-text.ts';
import type { CopyView } from './copy-view.ts';
import { printable } from './printable.ts';
import { durationText, ProgressLine, tableText } from './progress-text.ts';
import type { Style } from './style.ts';

export interface CopyTextOptions {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** The line can be drawn over. */
  readonly live: boolean;
}

export function copyText({ out, err, outStyle, errStyle, live }: CopyTextOptions): CopyView {
  const line = new ProgressLine({ style: errStyle, live, write: err });
  return {
    begin: () => {},
    progress: (progress) => line.show(progress),
    interrupted: (signal) => line.say(errStyle.yellow(`${signal}: stopping`)),
    done(result) {
      line.clear();
      out(`${resultText(result, outStyle)}\n`);
    },
    stopped: () =>
      line.say('The copy is not whole. If it had begun to write, the first MiB of the target reads zero.'),
  };
}

export const MODES: Record<CopyResult['mode'], string> = {
  full: 'in full',
  list: 'what the list names',
  manifest: 'what differs from the manifest',
  compare: 'what differs from the target',
  files: 'by its files',
};

function resultText(result: CopyResult, style: Style): string {
  const { mode, reason, bytesRead, bytesWritten, bytesSkipped, digest, unreadable } = printable(result);
  const read = `${bytesText(bytesRead.source)} of the source, ${bytesText(bytesRead.target)} of the target`;
  const lost = unreadable.map(({ start, length }) => `${length} bytes at byte ${start}`);
  return tableText(
    [
      [style.green('copied'), MODES[mode]],
      ['because', reason],
      ['read', read],
      ['written', `${bytesText(bytesWritten)}; ${bytesText(bytesSkipped)} were there already`],
      ['verified', verifiedText(result)],
      ['took', durationText(result.seconds)],
      ...(digest === null ? [] : [['digest', digest] as const]),
      ...lost.map((place) => [style.red('unreadable'), `${place}: zero on the target`] as const),
    ],
    style,
  );
}

function verifiedText({ verified }: CopyResult): string {
  if (verified.against === null) return 'nothing was read back';
  if (verified.bytes === 0) return 'nothing was written, so nothing was read back';
  const against =
    verified.against === 'source' ? 'compared with the source' : 'read back and found as it was written';
  return `${bytesText(verified.bytes)} ${against}`;
}
