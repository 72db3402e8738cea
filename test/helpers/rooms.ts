/** The rooms of the house and which of them may look into which: imports run one way. */
import type { Import, Source } from './source.ts';

/** A file right below `src/` belongs to the room `base`, the program's entry to `entry`. */
export function roomOf(path: string): string {
  if (path === 'src/cli.ts') return 'entry';
  const [, room, file] = path.split('/');
  return file === undefined ? 'base' : (room ?? 'base');
}

interface Rule {
  /** Rooms whose code it may load. */
  readonly uses: readonly string[];
  /** Rooms and files of which it may know the types alone. */
  readonly typesOf?: readonly string[];
  /** Single files of rooms that are closed to it otherwise. */
  readonly files?: readonly string[];
  /** Packages that it may load. */
  readonly packages?: readonly string[];
  /** Whether it may load modules of node itself. */
  readonly node?: boolean;
}

const TYPES_OF_AJV = { typesOf: ['ajv'] };

export const RULES: Readonly<Record<string, Rule>> = {
  base: { uses: [] },
  // Names that LVM refuses are wrong in the file already; of the state it knows nothing.
  spec: { uses: ['base', 'generated'], files: ['src/lvm/names.ts'], packages: ['yaml'], ...TYPES_OF_AJV },
  lvm: { uses: ['base'], packages: ['execa'], node: true },
  // Pure: the argument lists and tags of LVM are pure functions too, which the test of purity follows.
  plan: { uses: ['base', 'lvm'], typesOf: ['spec'] },
  // Of what is generated it takes the program of its threads.
  copy: { uses: ['base', 'generated'], node: true },
  apply: { uses: ['base', 'lvm', 'plan'], typesOf: ['copy'], node: true },
  // Takes the files of one mounted file system to another, in a process of its own.
  files: { uses: ['base', 'lvm', 'plan', 'copy'], typesOf: ['apply'], node: true },
  views: { uses: ['base', 'plan'], typesOf: ['apply', 'copy', 'spec', 'lvm'], packages: ['kleur', 'diff'] },
  commands: {
    uses: ['base', 'generated', 'spec', 'lvm', 'plan', 'copy', 'files', 'apply', 'views'],
    packages: ['commander'],
    ...TYPES_OF_AJV,
    node: true,
  },
  // A child that only thaws must start without the rest.
  entry: { uses: ['base', 'commands', 'files'], files: ['src/apply/thaw-guard.ts'] },
};

/** What a file loads although its room may not, a sentence each. */
export function trespasses({ path, imports }: Source): string[] {
  const room = roomOf(path);
  return imports
    .filter((one) => !isAllowed(room, one))
    .map(({ target, typeOnly }) => `${path} imports ${typeOnly ? 'a type of ' : ''}${target}`);
}

function isAllowed(room: string, { target, typeOnly }: Import): boolean {
  const rule = RULES[room];
  if (!rule) return false;
  const types = typeOnly ? (rule.typesOf ?? []) : [];
  if (target.startsWith('node:')) return rule.node === true;
  if (!target.startsWith('src/')) return [...(rule.packages ?? []), ...types].includes(target);
  const other = roomOf(target);
  return other === room || [...rule.uses, ...types].includes(other) || !!rule.files?.includes(target);
}

/**
 * What the room loads from outside the program, directly or through what it loads, with the way there; types load
 * nothing.
 */
export function loadedFromOutside(sources: readonly Source[], room: string): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const seen = new Set<string>();
  const found: string[] = [];
  const follow = (path: string, way: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { target } of byPath.get(path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? []) {
      if (target.startsWith('src/')) follow(target, `${way} → ${target}`);
      else found.push(`${way} → ${target}`);
    }
  };
  for (const { path } of sources) if (roomOf(path) === room) follow(path, path);
  return found;
}

/** Every file that the room loads, its own included. */
export function loadedFiles(sources: readonly Source[], room: string): Source[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const queue = sources.filter(({ path }) => roomOf(path) === room);
  const found = new Set(queue);
  for (const source of queue) {
    for (const { target, typeOnly } of source.imports) {
      const next = typeOnly ? undefined : byPath.get(target);
      if (!next || found.has(next)) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return [...found];
}
