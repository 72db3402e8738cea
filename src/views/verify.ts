/** What a verification found: as people follow it, and as a document (`schemas/verify.schema.json`). */
import type { Progress } from '../copy/progress.ts';
import { clockText } from '../plan/plan.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import type { ByteRange } from '../ranges.ts';
import type { Bytes } from '../units.ts';
import { bytesText } from '../units-text.ts';
import { escaped } from './printable.ts';
import { ProgressLine } from './progress-text.ts';
import type { Style } from './style.ts';

export interface VerifiedPoint {
  readonly source: string;
  /** `VG/LV`. */
  readonly volume: string;
  readonly time: Date | null;
  readonly ok: boolean;
  /** Empty where it is whole; null where nothing tells the place. */
  readonly damaged: readonly ByteRange[] | null;
  /** How much was read. */
  readonly bytes: Bytes;
  readonly size: Bytes | null;
  /** Percent; null: all of it. */
  readonly sampled: number | null;
  /** Why it could not be read at all: nothing is known of what it holds. */
  readonly unread?: string;
  /** Why what was found could not be kept in its tags. */
  readonly untagged?: string;
}

type PassedOver = readonly { readonly point: RestorePoint; readonly reason: string }[];

export interface VerifyView {
  readonly begin: (point: RestorePoint) => void;
  /** A sample was asked for, and there is nothing to hold one against. */
  readonly inFull: (point: RestorePoint) => void;
  readonly progress: (progress: Progress) => void;
  readonly done: (point: VerifiedPoint) => void;
  readonly end: (points: readonly VerifiedPoint[], passedOver: PassedOver) => void;
}

/** A minor step only adds. */
const FORMAT = '1.0';

export function verifyJson(write: (text: string) => void, sample: number | null): VerifyView {
  const nothing = () => {};
  return {
    ...{ begin: nothing, inFull: nothing, progress: nothing, done: nothing },
    end(points, passedOver) {
      const document = {
        ...{ formatVersion: FORMAT, sample },
        points: points.map(({ damaged, time, ...rest }) => ({
          ...rest,
          time: time && clockText(time),
          damaged: damaged?.map(({ start, length }) => ({ offset: start, length })) ?? null,
        })),
        passedOver: passedOver.map(({ point, reason }) => ({
          source: point.source,
          volume: point.path,
          reason,
        })),
      };
      write(`${JSON.stringify(document, null, 2)}\n`);
    },
  };
}

export interface VerifyTextOptions {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  readonly live: boolean;
}

export function verifyText({ out, err, outStyle: style, errStyle, live }: VerifyTextOptions): VerifyView {
  const line = new ProgressLine({ style: errStyle, live, write: err });
  return {
    begin: () => line.restart(),
    inFull: ({ path }) =>
      line.say(
        `${escaped(path)}: no manifest here tells what a sample of it should be, so all of it is read`,
      ),
    progress: (progress) => line.show(progress),
    done(point) {
      line.clear();
      out(`${pointText(point, style)}\n`);
    },
    end(points, passedOver) {
      for (const { point, reason } of passedOver) {
        out(`${style.yellow('passed over')} ${escaped(point.source)}, ${escaped(point.path)}: ${reason}\n`);
      }
      if (points.length === 0) out('Nothing was read: there is no restore point that can be checked.\n');
    },
  };
}

const MOST_PLACES = 20;

function pointText(
  { source, volume, time, ok, damaged, bytes, sampled, unread, untagged }: VerifiedPoint,
  style: Style,
): string {
  const how = sampled === null ? bytesText(bytes) : `a sample of ${bytesText(bytes)} (${sampled}%)`;
  const what = `${escaped(source)}${time === null ? '' : ` as of ${clockText(time)}`} (${escaped(volume)})`;
  if (unread !== undefined) return `${style.red('not read')} ${what}: ${escaped(unread)}`;
  const notKept = untagged === undefined ? [] : [`  its tags could not be changed: ${escaped(untagged)}`];
  if (ok) return [`${style.green('ok')} ${what}: ${how} read`, ...notKept].join('\n');
  const places = (damaged ?? []).map(({ start, length }) => `  ${length} bytes at byte ${start}`);
  const more = places.length > MOST_PLACES ? [`  and ${places.length - MOST_PLACES} places more`] : [];
  const where =
    damaged === null ? ['  no manifest here tells where'] : [...places.slice(0, MOST_PLACES), ...more];
  const next =
    untagged === undefined
      ? 'it is tagged damaged: the next run writes it anew, a restore takes it only by its name'
      : 'nothing keeps a restore from taking it';
  return [`${style.red('damaged')} ${what}: ${next}`, ...where, ...notKept].join('\n');
}
