/** What is another in a new file than in the old one: settings, whoever they are of, and what follows from that. */
import { effectsOf } from './effects.ts';
import type { Linted } from './lint.ts';
import { type Setting, type Subject, subjectsOf } from './settings.ts';

export interface Side {
  readonly value: string | null;
  /** null where the file does not say it: a default. */
  readonly line: number | null;
}

export interface SettingChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly of: Subject['kind'];
  /** `snapshot.size`; `source` or `set` where one was added or removed. */
  readonly key: string;
  /** Whom it concerns: sources, a set, or the group. */
  readonly names: readonly string[];
  /** null where there was nothing. */
  readonly before: Side | null;
  readonly after: Side | null;
  /** One phrase: what is another. */
  readonly words: string;
  /** What follows from it, as far as the files alone tell. */
  readonly effects: readonly string[];
}

type Found = Omit<SettingChange, 'names' | 'words' | 'effects'> & { readonly name: string };

/** In the order of the new file; a line that decides for several sources is told once. */
export function specChanges(before: Linted, after: Linted): SettingChange[] {
  const [old, now] = [before, after].map(subjectsOf) as [Subject[], Subject[]];
  const found = [
    ...now.flatMap((subject) => {
      const same = old.find((one) => isSame(one, subject));
      return same ? settingChanges(same, subject) : [added(subject)];
    }),
    ...old.filter((subject) => !now.some((one) => isSame(one, subject))).map(removed),
  ];
  return grouped(found).sort((a, b) => lineFor(a) - lineFor(b));
}

/** There is one group: another name is a change of it. */
function isSame(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && (a.kind === 'group' || a.name === b.name);
}

const keyOf = ({ kind }: Subject) => (kind === 'volume' ? 'source' : kind);

function added(subject: Subject): Found {
  const after = { value: subject.name, line: subject.line };
  return { kind: 'added', of: subject.kind, key: keyOf(subject), name: subject.name, before: null, after };
}

function removed(subject: Subject): Found {
  const before = { value: subject.name, line: subject.line };
  return { kind: 'removed', of: subject.kind, key: keyOf(subject), name: subject.name, before, after: null };
}

function settingChanges(old: Subject, now: Subject): Found[] {
  const side = ({ value, line }: Setting): Side => ({ value, line });
  return now.settings.flatMap((setting): Found[] => {
    const before = old.settings.find(({ key }) => key === setting.key) ?? {
      ...setting,
      value: null,
      line: null,
    };
    if (before.value === setting.value) return [];
    const { key } = setting;
    return [
      { kind: 'changed', of: now.kind, key, name: now.name, before: side(before), after: side(setting) },
    ];
  });
}

function grouped(found: readonly Found[]): SettingChange[] {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    // Sources that come or go are each a line of their own.
    const own = one.kind === 'changed' ? '' : one.name;
    const key = JSON.stringify([one.kind, one.of, one.key, one.before, one.after, own]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap(([first, ...more]) => {
    if (!first) return [];
    const { name, ...rest } = first;
    const change = { ...rest, names: [name, ...more.map((one) => one.name)] };
    return [{ ...change, words: wordsOf(change), effects: effectsOf(change) }];
  });
}

function lineFor({ before, after }: SettingChange): number {
  return after?.line ?? before?.line ?? 0;
}

function wordsOf({ kind, of, key, before, after }: Omit<SettingChange, 'words' | 'effects'>): string {
  switch (kind) {
    case 'added':
      return of === 'volume' ? `${after?.value} is backed up too` : `the set ${after?.value} is new`;
    case 'removed':
      return of === 'volume' ? `${before?.value} is no longer backed up` : `the set ${before?.value} is gone`;
    case 'changed':
      return changedWords(key, before?.value ?? null, after?.value ?? null);
  }
}

function changedWords(key: string, before: string | null, after: string | null): string {
  if (before === null) return `${key} set to ${after}`;
  if (after === null) return `${key} taken away, it was ${before}`;
  const [was, is] = [Number.parseFloat(before), Number.parseFloat(after)];
  const plain = /^\d+$/.test(before) && /^\d+$/.test(after);
  const verb = !plain ? 'changed' : is < was ? 'lowered' : 'raised';
  return `${key} ${verb} from ${before} to ${after}`;
}
