/** What was mounted, in words and as a document (`schemas/mount.schema.json`). */
import type { MountWay } from '../plan/mount-way.ts';
import { clockText } from '../plan/plan.ts';
import type { RestorePoint } from '../plan/restore-points.ts';
import { escaped } from './printable.ts';
import type { Style } from './style.ts';

interface Unmounted {
  readonly point: RestorePoint;
  readonly folder: string;
}

interface Mounted extends Unmounted {
  readonly way: Extract<MountWay, { kind: 'mount' }>;
}

/** A minor step only adds. */
const FORMAT = '1.0';

export function mountedText({ point, folder, way }: Mounted, style: Style): string {
  const { source, path, time, state } = point;
  const when = time === null ? '' : ` as of ${clockText(time)}`;
  const replayed = way.overlay
    ? [
        'Its journal was not clean, or nothing here can tell: it was replayed into a layer in memory that is thrown away; the point is as it was.',
      ]
    : [];
  const doubt =
    state === 'complete' ? [] : [style.yellow(`It is ${state}: not all of it is what its source held.`)];
  return [
    `${style.bold(escaped(source))}${when} (${escaped(path)}) is mounted read-only on ${escaped(folder)} (${way.type}).`,
    ...replayed,
    ...doubt,
    `To end it: lvmbackup umount ${escaped(folder)}`,
  ].join('\n');
}

export function umountedText({ point, folder }: Unmounted): string {
  return `${escaped(folder)} is unmounted, and ${escaped(point.path)} is as inactive as it was.`;
}

export function mountedJson({ way, ...rest }: Mounted): string {
  const journal = way.overlay ? 'replayed' : 'as-it-is';
  return document({ ...about(rest), mounted: true, fileSystem: way.type, options: way.options, journal });
}

export function umountedJson(done: Unmounted): string {
  return document({ ...about(done), mounted: false });
}

function about({ point, folder }: Unmounted) {
  return {
    ...{ source: point.source, volume: point.path, state: point.state, directory: folder },
    time: point.time && clockText(point.time),
  };
}

function document(content: object): string {
  return JSON.stringify({ formatVersion: FORMAT, ...content }, null, 2);
}
