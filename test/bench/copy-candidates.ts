/** Who takes part: the copy engine in its modes, dd, and other programs for the same work where they are installed. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change } from './copy-changes.ts';
import { type Data, must } from './copy-data.ts';
import type { Command } from './copy-measure.ts';

const PROGRAM = fileURLToPath(new URL('../lvmbackup.cjs', import.meta.url));
const SELF = fileURLToPath(new URL('./copy-bench.mjs', import.meta.url));

export interface Candidate {
  readonly name: string;
  /** What has to be installed for it. */
  readonly program: string;
  readonly commands: readonly Command[];
  /** What must be equal afterwards; null where that is not asked of it. */
  readonly equal: readonly [string, string] | null;
  /** Made ready before each run, and not measured. */
  readonly reset?: () => void;
  /** Of the engine: how it must have gone about it. */
  readonly mode?: 'full' | 'list' | 'manifest' | 'compare';
  readonly once?: true;
}

/** What rows are measured against; also the names of their own rows. */
export const DIRECT = 'dd bs=4M iflag=direct oflag=direct conv=fsync';
export const BUFFERED = 'dd bs=4M conv=fsync';

export function lvmbackup(from: string, to: string, ...more: readonly string[]): Command {
  return { argv: [process.execPath, PROGRAM, 'copy', from, to, '-y', '--format', 'json', ...more] };
}

function dd(from: string, to: string, ...more: readonly string[]): Command {
  return { argv: ['dd', `if=${from}`, `of=${to}`, ...more, 'status=none'] };
}

function flush(path: string): Command {
  return { argv: ['sync', path] };
}

function ddCopies(from: string, to: string): Candidate[] {
  const direct = ['bs=4M', 'iflag=direct', 'oflag=direct', 'conv=fsync,notrunc'];
  const common = { program: 'dd', equal: [from, to] as const };
  return [
    { ...common, name: DIRECT, commands: [dd(from, to, ...direct)] },
    { ...common, name: BUFFERED, commands: [dd(from, to, 'bs=4M', 'conv=fsync,notrunc')] },
  ];
}

function fullCopy(from: string, to: string, verify: 'none' | 'written' | 'full'): Candidate {
  const commands = [lvmbackup(from, to, '--verify', verify)];
  const name = verify === 'none' ? 'lvmbackup, full' : `lvmbackup, full, --verify ${verify}`;
  return { name, program: process.execPath, commands, equal: [from, to], mode: 'full' };
}

export function fullCandidates({ source, target }: Data): Candidate[] {
  const [from, to] = [source.path, target.path];
  const common = { equal: [from, to] as const };
  const slow = dd(from, to, 'conv=fsync,notrunc');
  const blocksync = { argv: ['blocksync-fast', '--silent', '--no-compare', '-s', from, '-d', to] };
  return [
    ...ddCopies(from, to),
    { ...common, name: 'dd conv=fsync (blocks of 512 bytes)', program: 'dd', commands: [slow], once: true },
    fullCopy(from, to, 'none'),
    fullCopy(from, to, 'written'),
    fullCopy(from, to, 'full'),
    { ...common, name: 'rsync --whole-file', ...rsync(from, to, '--whole-file') },
    {
      ...common,
      ...{ name: 'blocksync-fast --no-compare', program: 'blocksync-fast' },
      commands: [blocksync, flush(to)],
    },
  ];
}

export function zeroCandidates({ zeros, target, folder }: Data): Candidate[] {
  const [from, file] = [zeros.path, join(folder, 'new')];
  const fresh = { equal: [from, file] as const, reset: () => rmSync(file, { force: true }) };
  const sparse = ['bs=4M', 'conv=sparse,fsync'];
  return [
    ...ddCopies(from, target.path),
    fullCopy(from, target.path, 'none'),
    { ...fullCopy(from, file, 'none'), ...fresh, name: 'lvmbackup, full, to a new file' },
    {
      ...fresh,
      name: 'dd bs=4M conv=sparse,fsync, to a new file',
      program: 'dd',
      commands: [dd(from, file, ...sparse)],
    },
  ];
}

export function ext4Candidates({ ext4, target }: Data): Candidate[] {
  if (!ext4) return [];
  const [from, to] = [ext4.path, target.path];
  const partclone = { argv: ['partclone.ext4', '-b', '-q', '-L', '/dev/null', '-s', from, '-O', to] };
  return [
    ...ddCopies(from, to),
    fullCopy(from, to, 'none'),
    {
      ...{ name: 'e2image -ra (used blocks only)', program: 'e2image', equal: null },
      commands: [{ argv: ['e2image', '-ra', from, to] }, flush(to)],
    },
    {
      ...{ name: 'partclone.ext4 -b (used blocks only)', program: 'partclone.ext4', equal: null },
      commands: [partclone, flush(to)],
    },
  ];
}

/** What a refresh works with besides source and target: as it was when the target was last complete. */
export interface Kept {
  readonly manifest: string;
  readonly pristine: string;
  readonly list: string;
}

export function changeCandidates(data: Data, { percent }: Change, kept: Kept): Candidate[] {
  const [from, to] = [data.source.path, data.target.path];
  const common = { equal: [from, to] as const };
  const known = () => copyFileSync(kept.pristine, kept.manifest);
  const engine = (mode: 'list' | 'manifest' | 'compare', reset: () => void, ...more: readonly string[]) => ({
    ...{ ...common, program: process.execPath, mode, reset },
    commands: [lvmbackup(from, to, '--verify', 'none', ...more)],
  });
  const manifest = ['--manifest', kept.manifest];
  const list = ['--list', kept.list];
  const bare = { argv: [process.execPath, SELF, 'bare-loop', kept.list, from, to] };
  const read = dd(from, '/dev/null', 'bs=4M', 'iflag=direct');
  return [
    ...(percent === 0 ? [{ name: READ, program: 'dd', commands: [read], equal: null }] : []),
    { ...engine('manifest', known, ...manifest), name: 'lvmbackup, manifest' },
    ...(percent === 1
      ? [
          { ...common, name: BARE, program: process.execPath, commands: [bare] },
          { ...engine('list', () => {}, ...list), name: 'lvmbackup, list' },
          { ...engine('list', known, ...list, ...manifest), name: 'lvmbackup, list and manifest' },
        ]
      : []),
    ...(percent === 20
      ? []
      : [
          { ...engine('compare', () => spoil(kept), ...manifest), name: 'lvmbackup, compare' },
          ...peers(data, common),
        ]),
  ];
}

export const READ = 'dd bs=4M iflag=direct of=/dev/null (reading alone)';
export const BARE = 'a bare loop over the list, four pieces at once';

function spoil({ manifest }: Kept): void {
  writeFileSync(manifest, 'no manifest');
}

function peers({ source, target, folder }: Data, common: Pick<Candidate, 'equal'>): Candidate[] {
  const [from, to, patch] = [source.path, target.path, join(folder, 'patch')];
  const blocksync = { argv: ['blocksync-fast', '--silent', '-s', from, '-d', to] };
  const bdsync: Command[] = [
    { argv: ['bdsync', 'bdsync --server', from, to], to: patch },
    { argv: ['bdsync', `--patch=${to}`], from: patch },
    flush(to),
  ];
  const inplace = rsync(from, to, '--no-whole-file');
  return [
    { ...common, name: 'rsync --inplace --no-whole-file', ...inplace },
    { ...common, name: 'bdsync', program: 'bdsync', commands: bdsync },
    { ...common, name: 'blocksync-fast', program: 'blocksync-fast', commands: [blocksync, flush(to)] },
  ];
}

function rsync(from: string, to: string, how: string): Pick<Candidate, 'program' | 'commands'> {
  const devices = ['--copy-devices', '--write-devices', '--inplace', '--ignore-times', '--fsync'];
  return { program: 'rsync', commands: [{ argv: ['rsync', ...devices, how, from, to] }] };
}

/** The target as it is, brought to what the source holds, with the manifest that says so. */
export function settle({ source, target }: Data, { manifest, pristine }: Kept): void {
  rmSync(manifest, { force: true });
  const [program = '', ...argv] = lvmbackup(source.path, target.path, '--manifest', manifest).argv;
  must(program, argv);
  copyFileSync(manifest, pristine);
}
