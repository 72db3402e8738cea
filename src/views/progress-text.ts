/** Progress in text: a bar that is drawn over on a terminal, now and then a line elsewhere. */
import type { Progress } from '../copy/progress.ts';
import { bytesText } from '../units-text.ts';
import type { Style } from './style.ts';

export interface LineOptions {
  readonly style: Style;
  /** The line can be drawn over. */
  readonly live: boolean;
  readonly write: (text: string) => void;
}

/** The line at the bottom of what was said. */
export class ProgressLine {
  #drawn = false;
  #told = 0;
  #phase: Progress['phase'] | null = null;

  constructor(readonly options: LineOptions) {}

  /** A line that stays. */
  say(text: string): void {
    this.clear();
    this.options.write(`${text}\n`);
  }

  /** A line that goes when something else is said; nothing where it could not go. */
  draw(text: string): void {
    if (!this.options.live) return;
    this.options.write(`\r\u001b[K${text}`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) this.options.write('\r\u001b[K');
    this.#drawn = false;
  }

  /** What comes is another copy's. */
  restart(): void {
    this.#phase = null;
  }

  /** On a terminal each report, elsewhere one in ten hundredths. */
  show(progress: Progress, snapshotFill: number | null = null): void {
    const { style, live } = this.options;
    if (live) {
      this.draw(`  ${progressText(progress, style)}${fillText(snapshotFill)}`);
      return;
    }
    if (this.#phase !== progress.phase) this.#told = 0;
    this.#phase = progress.phase;
    const tenth = Math.floor((progress.done / Math.max(1, progress.total)) * 10);
    if (tenth > this.#told) this.say(`     ${progressText(progress, style)}${fillText(snapshotFill)}`);
    this.#told = Math.max(this.#told, tenth);
  }
}

/** A snapshot that is nearly empty is no news. */
function fillText(percent: number | null): string {
  return percent === null || percent < 1 ? '' : `, snapshot ${Math.floor(percent)}% full`;
}

const BAR = 30;

function progressText({ phase, done, total, rate, secondsLeft }: Progress, style: Style): string {
  const part = Math.min(1, done / Math.max(1, total));
  const filled = Math.round(part * BAR);
  const bar = `[${style.cyan('#'.repeat(filled))}${'.'.repeat(BAR - filled)}]`;
  const speed = rate > 0 ? `  ${bytesText(Math.round(rate))}/s` : '';
  const left = secondsLeft === null ? '' : `, ${timeLeft(secondsLeft)} left`;
  const what = phase === 'verify' ? 'verified ' : '';
  return `${bar} ${what}${Math.floor(part * 100)}%  ${bytesText(done)} of ${bytesText(total)}${speed}${left}`;
}

/** `3.2 s`, `4 min 5 s`, `2 h 3 min` */
export function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : timeLeft(Math.round(seconds));
}

function timeLeft(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Names on the left, what is said of them on the right. */
export function tableText(rows: readonly (readonly [name: string, text: string])[], style: Style): string {
  // Colours take no room.
  const width = Math.max(...rows.map(([name]) => plainLength(name)));
  return rows
    .map(([name, text]) => `${style.bold(name)}${' '.repeat(width - plainLength(name))}  ${text}`)
    .join('\n');
}

function plainLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
  return text.replace(/\u001b\[\d+m/g, '').length;
}
