/** What follows from a changed setting, as far as the files alone tell; a recorded state tells more. */
import type { SettingChange } from './changes.ts';

type Change = Pick<SettingChange, 'kind' | 'of' | 'key' | 'names' | 'before' | 'after'>;

export function effectsOf(change: Change): string[] {
  const { kind, of, key } = change;
  if (kind !== 'changed') return of === 'volume' ? [kind === 'added' ? NEW_SOURCE : LOST_SOURCE] : [];
  if (key.startsWith('keep.')) return keepEffects(change);
  return EFFECTS[key]?.(change.before?.value ?? null, change.after?.value ?? null) ?? [];
}

const NEW_SOURCE = 'the next apply makes a backup volume as large as it is, and copies it in full';
const LOST_SOURCE =
  'its restore points stay as they are, are refreshed no more, and take their room until they are removed by hand';

function keepEffects({ before, after, names }: Change): string[] {
  const [was, is] = [Number(before?.value ?? 0), Number(after?.value ?? 0)];
  const points = Math.abs(was - is);
  const count = `${points} point${points === 1 ? '' : 's'}`;
  const each = names.length === 1 ? '' : ` of each of ${names.length} sources`;
  return is < was ? [`removes up to ${count}${each}`] : [`keeps up to ${count} more${each}, which take room`];
}

type Effect = (before: string | null, after: string | null) => string[];

const EFFECTS: Readonly<Record<string, Effect>> = {
  'group.name': (before) => [
    'every source is copied in full to the other group',
    `the restore points in ${before} stay there, and are refreshed no more`,
  ],
  'group.devices': (before, after) => {
    const [was, is] = [listOf(before), listOf(after)];
    const [gone, come] = [was.filter((one) => !is.includes(one)), is.filter((one) => !was.includes(one))];
    return [
      ...come.map((device) => `${device} joins the group: it has to be blank, and what is on it is lost`),
      ...gone.map((device) => `${device} stays in the group: only vgreduce takes it out`),
    ];
  },
  'group.extentSize': () => ['a group that exists keeps its own: only a new one is made with it'],
  'group.whenMissing': (_, after) => [
    after === 'skip'
      ? 'a night without the disk is no failure any more: only status tells how old the backups are'
      : 'a night without the disk is a failure',
  ],
  'group.pool.name': () => [
    'another pool is made; what lies in the old one stays there and keeps its names, so give each source another backup too',
  ],
  'group.pool.size': () => A_NEW_POOL,
  'group.pool.metadata': () => A_NEW_POOL,
  'group.pool.chunkSize': () => A_NEW_POOL,
  backup: (before) => [
    'a new backup volume of that name is made and copied in full',
    ...(before === null ? [] : [`${before} stays, and is refreshed no more`]),
  ],
  refreshAfter: (_, after) =>
    after === null
      ? ['each run refreshes it']
      : [`a run refreshes it only where its copy is older than ${after}`],
  alertAfter: (_, after) =>
    after === null ? ['status never calls it late'] : [`status calls it late after ${after}`],
  'snapshot.size': (_, after) => {
    const percent = /^(\d+)%ORIGIN$/.exec(after ?? '')?.[1];
    if (percent !== undefined && Number(percent) >= 100) return ['the snapshot can never overflow'];
    return ['the snapshot becomes invalid, and the copy fails, when more than that is overwritten meanwhile'];
  },
  'snapshot.atLeast': (_, after) =>
    after === null
      ? ['where the snapshot does not fit, nothing is backed up']
      : [`where it does not fit, it may be as small as ${after}: what may overflow then`],
  'snapshot.extend': (_, after) =>
    after === null
      ? ['the snapshot does not grow while it is copied']
      : ['room for its growth is kept free beside the snapshot, for the time of the copy'],
  tracking: (_, after) =>
    after === 'snapshot'
      ? [
          'a snapshot stays between the runs: it takes room where the source lies, and slows writes to it',
          'runs after the next one read only what changed',
        ]
      : ['the snapshot that was kept goes with the next run, which reads all of the source'],
  method: (_, after) =>
    after === 'files'
      ? ['a file system is made anew on the backup volume, and every file is copied: the image there is lost']
      : ['the backup volume gets an image in place of its files, copied in full'],
  size: () => [
    'a backup volume that is there grows with its next copy where it has to, and is never made smaller',
  ],
  'snapshot.lend': (_, after) =>
    after === null
      ? ['snapshots have only the free extents of their own group']
      : [`${after} joins the source's group for each run: it has to be blank`],
  verify: (_, after) =>
    after === 'none'
      ? ['what was written is not read back any more']
      : after === 'full'
        ? ['each run reads the whole backup volume too']
        : ['what was written is read back'],
  onReadError: (_, after) =>
    after === 'skip'
      ? ['a source that cannot be read everywhere gives a damaged copy, which is never called complete']
      : [],
};

const A_NEW_POOL = ['a pool that exists keeps its own: only a new one is made with it'];

function listOf(text: string | null): string[] {
  return text === null ? [] : text.split(', ');
}
