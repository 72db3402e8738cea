/**
 * What a file may say and had better not. Warnings with stable codes, listed in docs/checks.md: the file is valid all
 * the same. What can be known only with a machine (the same disk, too small a snapshot in bytes) is told by the plan.
 */
import type { Diagnostic } from '../diagnostics.ts';
import { at, policyPaths } from './check-values.ts';
import type { SpecFile } from './file.ts';
import type { Path, Places } from './locate.ts';
import { parseDuration, parseSize } from './sizes.ts';
import type { Spec, VolumeSpec } from './spec.ts';

export const LINT_CODES = [
  'may-overflow',
  'single-copy',
  'unstable-name',
  'no-refresh-after',
  'skips-runs',
  'late-before-due',
] as const;

type LintCode = (typeof LINT_CODES)[number];

export interface Linted {
  readonly file: SpecFile;
  readonly spec: Spec;
  readonly places: Places;
}

export function lint(linted: Linted): Diagnostic[] {
  return [
    ...mayOverflow(linted),
    ...singleCopy(linted),
    ...unstableNames(linted),
    ...noRefreshAfter(linted),
    ...skipsRuns(linted),
    ...lateBeforeDue(linted),
  ];
}

function warning(places: Places, path: Path, code: LintCode, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', message, hint, range: places.value(path) };
}

function mayOverflow({ file, places }: Linted): Diagnostic[] {
  return policyPaths(file).flatMap((base) => {
    const path = [...base, 'snapshot', 'size'];
    const size = parseSize(at(file, path));
    const grows = at(file, [...base, 'snapshot', 'extend']) ?? at(file, ['defaults', 'snapshot', 'extend']);
    if ('fault' in size || size.value.unit !== '%ORIGIN' || size.value.percent >= 100 || grows) return [];
    const message = `a snapshot of ${size.value.percent}%ORIGIN becomes invalid, and the copy fails, when more than that is overwritten meanwhile`;
    return [warning(places, path, 'may-overflow', message, '100%ORIGIN can never overflow')];
  });
}

/** In a pool a point stays as it is until the next one is made. */
function singleCopy({ file, spec, places }: Linted): Diagnostic[] {
  if (spec.group.pool !== null) return [];
  const single = spec.volumes.filter(
    ({ keep }) => Object.values(keep).reduce((sum, count) => sum + count, 0) <= 1,
  );
  const [first] = single;
  if (!first) return [];
  const written = policyPaths(file).find((base) => at(file, [...base, 'keep', 'last']) === 1);
  const path = written ? [...written, 'keep', 'last'] : ['volumes', spec.volumes.indexOf(first), 'source'];
  const message = `one copy is kept of ${namesOf(single)}: each refresh writes over it in place, and while that lasts there is none`;
  return [warning(places, path, 'single-copy', message, 'keep: {last: 2}, or another backup elsewhere')];
}

/** Names that the kernel gives in the order in which it finds devices. */
const UNSTABLE = /^\/dev\/(?:(?:sd|vd|hd|xvd)[a-z]{1,3}\d*|(?:nvme\d+n|mmcblk|loop|md|dm-)\d+(?:p\d+)?)$/;

function unstableNames({ file, places }: Linted): Diagnostic[] {
  const devices = (file.group.devices ?? []).map((_, index): Path => ['group', 'devices', index]);
  const lent = policyPaths(file).map((base) => [...base, 'snapshot', 'lend']);
  const sources = file.volumes.map((_, index): Path => ['volumes', index, 'source']);
  return [...devices, ...lent, ...sources].flatMap((path) => {
    const name = at(file, path);
    if (typeof name !== 'string' || !UNSTABLE.test(name)) return [];
    const message = `${name} may be another device after a reboot: the kernel gives such names in the order in which it finds them`;
    const hint = 'name it by /dev/disk/by-id/… (ls -l /dev/disk/by-id) or /dev/disk/by-partuuid/…';
    return [warning(places, path, 'unstable-name', message, hint)];
  });
}

function noRefreshAfter({ spec, places }: Linted): Diagnostic[] {
  const always = spec.volumes.filter(({ refreshAfter }) => refreshAfter === null);
  const [first] = always;
  if (!first) return [];
  const path: Path = ['volumes', spec.volumes.indexOf(first), 'source'];
  const message = `without refreshAfter each run, also one that a timer catches up on, refreshes ${namesOf(always)}, and status calls none of it late`;
  return [warning(places, path, 'no-refresh-after', message, 'for a daily timer: refreshAfter: 20h')];
}

const HOUR = 3600;
const TIMERS = [
  { every: HOUR, name: 'an hourly', lost: 'hour', better: '50m' },
  { every: 24 * HOUR, name: 'a daily', lost: 'day', better: '20h' },
  { every: 168 * HOUR, name: 'a weekly', lost: 'week', better: '6d' },
];

/** A copy is dated when its snapshot was taken, some time after the timer fired. */
function skipsRuns({ file, places }: Linted): Diagnostic[] {
  return policyPaths(file).flatMap((base) => {
    const path = [...base, 'refreshAfter'];
    const parsed = parseDuration(at(file, path));
    if ('fault' in parsed) return [];
    const timer = TIMERS.find(({ every }) => parsed.value <= every && parsed.value > every - every / 12);
    if (!timer) return [];
    const message = `${timer.name} timer finds the copy of the ${timer.lost} before a little younger than ${String(at(file, path))}, and skips every other ${timer.lost}`;
    return [warning(places, path, 'skips-runs', message, `write ${timer.better}`)];
  });
}

function lateBeforeDue({ file, spec, places }: Linted): Diagnostic[] {
  return policyPaths(file).flatMap((base) => {
    const path = [...base, 'alertAfter'];
    if (at(file, path) == null) return [];
    const early = spec.volumes.find(
      (volume, index) => decides(base, file, index, 'alertAfter') && isLateBeforeDue(volume),
    );
    if (!early) return [];
    const message = `${early.source.text} is called late before a refresh of it is due`;
    return [
      warning(places, path, 'late-before-due', message, 'alertAfter is to be longer than refreshAfter'),
    ];
  });
}

/** Whether it is the policy at `base` that decides the key for this volume. */
function decides(base: Path, file: SpecFile, index: number, key: string): boolean {
  const { policy } = file.volumes[index] ?? {};
  const bases: Path[] = [
    ['volumes', index],
    ...(policy === undefined ? [] : [['policies', policy]]),
    ['defaults'],
  ];
  const deciding = bases.find((one) => at(file, [...one, key]) !== undefined);
  return JSON.stringify(deciding) === JSON.stringify(base);
}

function isLateBeforeDue({ alertAfter, refreshAfter }: VolumeSpec): boolean {
  return alertAfter !== null && refreshAfter !== null && alertAfter <= refreshAfter;
}

/** `S/a, S/b and 3 more` */
function namesOf(volumes: readonly VolumeSpec[]): string {
  const shown = volumes.slice(0, 3).map(({ source }) => source.text);
  const more = volumes.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
