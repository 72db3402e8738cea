/** A run as people follow it: a line an action, a bar for a copy on a terminal, now and then a line elsewhere. */
import type { ApplyEvent, Failure, Outcome, SetSpread } from '../apply/events.ts';
import type { Action } from '../plan/action.ts';
import { bytesText } from '../units-text.ts';
import { whatText } from './action-text.ts';
import { MODES } from './copy-text.ts';
import { printable } from './printable.ts';
import { durationText, type LineOptions, ProgressLine } from './progress-text.ts';
import type { Style } from './style.ts';

/** A function that shows each event as it comes. */
export function applyText(options: LineOptions): (event: ApplyEvent) => void {
  const { style, live } = options;
  const line = new ProgressLine(options);
  return (raw) => {
    const event = printable(raw);
    switch (event.type) {
      case 'action.start':
        line.restart();
        line.draw(`${style.dim('  ..')} ${label(event.action)}`);
        if (!live && event.action.type === 'copy') line.say(`  .. ${label(event.action)}`);
        break;
      case 'action.progress':
        line.show(event.progress, event.snapshotFill);
        break;
      case 'action.output':
        line.say(style.dim(`     | ${event.line}`));
        break;
      case 'set.frozen':
        line.say(style.dim(`     ${spreadText(event)}`));
        break;
      case 'action.done':
        line.say(doneText(event, style));
        break;
      case 'action.failed':
        line.say(failedText(event.action, event.failure, style));
        break;
      case 'action.skipped':
        line.say(`${style.yellow('skipped')} ${label(event.action)}: ${event.reason}`);
        break;
      case 'action.note':
        line.say(noteText(event, style));
        break;
      case 'interrupted':
        line.say(style.yellow(interruptedText(event)));
    }
  };
}

function noteText(
  { action, message, hint }: Extract<ApplyEvent, { type: 'action.note' }>,
  style: Style,
): string {
  const text = `${style.yellow('note')} ${action.id}. ${message}`;
  return hint === undefined ? text : `${text}\n    ${style.cyan('hint:')} ${hint}`;
}

function interruptedText({ signal, stillOpen }: Extract<ApplyEvent, { type: 'interrupted' }>): string {
  const what = stillOpen.length === 0 ? '' : `: ${stillOpen.join(', ')}`;
  return `${signal}: closing what is open, then ending${what}`;
}

/** Of a refresh, how it was done and why: a full copy explains itself. */
function doneText(
  { action, seconds, result }: Extract<ApplyEvent, { type: 'action.done' }>,
  style: Style,
): string {
  const head = `${style.green('done')} ${label(action)} (${durationText(seconds)})`;
  if (!result || result.mode === 'full') return head;
  const how = `${MODES[result.mode]}, ${bytesText(result.bytesWritten)} written: ${result.reason}`;
  return `${head}\n${style.dim(`     ${how}`)}`;
}

function label(action: Action): string {
  return `${action.id}. ${whatText(action)}`;
}

function failedText(action: Action, failure: Failure, style: Style): string {
  return [
    `${style.red('failed')} ${label(action)}: ${failure.message}`,
    ...failure.details.map((detail) => `    ${detail}`),
    ...(failure.hint === undefined ? [] : [`    ${style.cyan('hint:')} ${failure.hint}`]),
  ].join('\n');
}

/** From the beginning of the first snapshot to the end of the last. */
function spreadText({ unit, snapshots, seconds }: SetSpread): string {
  return `${unit}: ${snapshots} snapshots within ${seconds.toFixed(2)} s`;
}

const RESULT_COLOURS = { complete: 'green', failed: 'red', skipped: 'yellow' } as const;

/** What the run came to, source by source. `done`: what was done with the bytes. */
export function outcomeText(raw: Outcome, style: Style, done = 'backed up'): string {
  const outcome = printable(raw);
  const units = outcome.units.map(({ source, target, result, reason }) => {
    const word = style[RESULT_COLOURS[result]](result);
    return `  ${source} -> ${target}: ${word}${reason === undefined ? '' : `, ${reason}`}`;
  });
  const left = outcome.leftOpen.map(({ what }) => `  ${style.red('left open:')} ${what}`);
  const sets = outcome.sets.map((spread) => `  ${spreadText(spread)}`);
  const total = `${bytesText(outcome.copiedBytes)} ${done}, ${bytesText(outcome.writtenBytes)} written, in ${durationText(outcome.seconds)}`;
  return [style.bold('Result'), ...units, ...sets, ...left, total].join('\n');
}
