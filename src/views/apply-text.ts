/** A run as people follow it: a line an action, a bar for a copy on a terminal, now and then a line elsewhere. */
import type { ApplyEvent, CopyProgress, Failure, Outcome } from '../apply/events.ts';
import type { Action } from '../plan/action.ts';
import { bytesText } from '../units-text.ts';
import { whatText } from './action-text.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export interface ApplyTextOptions {
  readonly style: Style;
  /** The line can be drawn over. */
  readonly live: boolean;
  readonly write: (text: string) => void;
}

/** A function that shows each event as it comes. */
export function applyText({ style, live, write }: ApplyTextOptions): (event: ApplyEvent) => void {
  let drawn = false;
  let told = 0;
  const line = (text: string) => {
    write(`${drawn ? '\r\u001b[K' : ''}${text}\n`);
    drawn = false;
  };
  const draw = (text: string) => {
    write(`\r\u001b[K${text}`);
    drawn = true;
  };
  return (raw) => {
    const event = printable(raw);
    switch (event.type) {
      case 'action.start':
        told = 0;
        if (live) draw(`${style.dim('  ..')} ${label(event.action)}`);
        else if (event.action.type === 'copy') line(`  .. ${label(event.action)}`);
        break;
      case 'action.progress':
        if (live) {
          draw(`  ${progressText(event.progress, style)}`);
        } else if (tenth(event.progress) > told) {
          told = tenth(event.progress);
          line(`     ${progressText(event.progress, style)}`);
        }
        break;
      case 'action.done':
        line(`${style.green('done')} ${label(event.action)} (${durationText(event.seconds)})`);
        break;
      case 'action.failed':
        line(failedText(event.action, event.failure, style));
        break;
      case 'action.skipped':
        line(`${style.yellow('skipped')} ${label(event.action)}: ${event.reason}`);
        break;
      case 'interrupted':
        line(style.yellow(`${event.signal}: closing what is open, then ending`));
    }
  };
}

function label(action: Action): string {
  return `${action.id}. ${whatText(action)}`;
}

function tenth({ done, total }: CopyProgress): number {
  return Math.floor((done / Math.max(1, total)) * 10);
}

const BAR = 30;

function progressText({ done, total, rate, secondsLeft }: CopyProgress, style: Style): string {
  const part = done / Math.max(1, total);
  const filled = Math.round(part * BAR);
  const bar = `[${style.cyan('#'.repeat(filled))}${'.'.repeat(BAR - filled)}]`;
  const left = secondsLeft === null ? '' : `, ${timeLeft(secondsLeft)} left`;
  return `${bar} ${Math.floor(part * 100)}%  ${bytesText(done)} of ${bytesText(total)}  ${bytesText(Math.round(rate))}/s${left}`;
}

/** `3.2 s`, `4 min 5 s`, `2 h 3 min` */
function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : timeLeft(Math.round(seconds));
}

function timeLeft(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function failedText(action: Action, failure: Failure, style: Style): string {
  return [
    `${style.red('failed')} ${label(action)}: ${failure.message}`,
    ...failure.details.map((detail) => `    ${detail}`),
    ...(failure.hint === undefined ? [] : [`    ${style.cyan('hint:')} ${failure.hint}`]),
  ].join('\n');
}

const RESULT_COLOURS = { complete: 'green', failed: 'red', skipped: 'yellow' } as const;

/** What the run came to, source by source. */
export function outcomeText(raw: Outcome, style: Style): string {
  const outcome = printable(raw);
  const units = outcome.units.map(({ source, target, result, reason }) => {
    const word = style[RESULT_COLOURS[result]](result);
    return `  ${source} -> ${target}: ${word}${reason === undefined ? '' : `, ${reason}`}`;
  });
  const left = outcome.leftOpen.map(({ what }) => `  ${style.red('left open:')} ${what}`);
  const total = `${bytesText(outcome.copiedBytes)} copied in ${durationText(outcome.seconds)}`;
  return [style.bold('Result'), ...units, ...left, total].join('\n');
}
