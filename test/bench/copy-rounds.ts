/** Every candidate once in each round, so that a busy moment of the machine falls on all of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  type Candidate,
  changeCandidates,
  ext4Candidates,
  fullCandidates,
  type Kept,
  settle,
  zeroCandidates,
} from './copy-candidates.ts';
import { type Change, changeOf, everywhere, scramble, takeBack, writeList } from './copy-changes.ts';
import { type Data, forgetPages, must, readIntoPages } from './copy-data.ts';
import { type Measured, measure } from './copy-measure.ts';
import type { Row } from './copy-table.ts';

export const GROUPS = ['full', 'zeros', 'ext4', 'changed 0 %', 'changed 1 %', 'changed 20 %'] as const;
export type Group = (typeof GROUPS)[number];

/** Where the page cache makes a difference worth the time. */
const WARM_TOO: readonly Group[] = ['full', 'changed 0 %'];

interface Part {
  readonly group: Group;
  readonly candidates: readonly Candidate[];
  /** Once in each round. */
  readonly begin: () => void;
  /** Before each run. */
  readonly reset: () => void;
  readonly end: () => void;
}

export class Rounds {
  readonly rows: Row[] = [];
  readonly missing = new Set<string>();
  readonly #kept: Kept;
  readonly #parts: readonly Part[];

  constructor(
    readonly data: Data,
    groups: readonly Group[],
    readonly say: (text: string) => void,
  ) {
    const [manifest, pristine, list] = ['manifest', 'pristine', 'list'].map((name) =>
      join(data.folder, name),
    );
    this.#kept = { manifest: manifest ?? '', pristine: pristine ?? '', list: list ?? '' };
    settle(data, this.#kept);
    must('touch', ['-r', data.target.file, this.#marker]);
    this.#parts = groups.map((group) => this.#part(group));
  }

  /** Of a target that is a file: the manifest remembers when it was changed. */
  get #marker(): string {
    return join(this.data.folder, 'marker');
  }

  async run(round: number): Promise<void> {
    for (const part of this.#parts) {
      part.begin();
      for (const cache of ['cold', 'warm'] as const) {
        if (cache === 'warm' && !WARM_TOO.includes(part.group)) continue;
        for (const candidate of inTurn(part.candidates, round)) {
          if (candidate.once && (round > 0 || cache === 'warm')) continue;
          if (!this.#isThere(candidate.program)) continue;
          await this.#one(part, candidate, cache, round);
        }
      }
      part.end();
    }
  }

  async #one(part: Part, candidate: Candidate, cache: Row['cache'], round: number): Promise<void> {
    const { data } = this;
    part.reset();
    candidate.reset?.();
    const ends = [data.source, data.target, data.zeros, ...(data.ext4 ? [data.ext4] : [])];
    for (const end of ends) forgetPages(end);
    if (cache === 'warm') for (const end of [data.source, data.target]) readIntoPages(end);
    const measured = await measurePatiently(candidate);
    const row = this.#row(part.group, candidate.name, cache);
    row.seconds.push(measured.seconds);
    row.cpu.push(measured.cpu);
    row.peak.push(measured.peak);
    if (candidate.mode) row.moved = movedOf(measured, candidate);
    if (round === 0 && candidate.equal) must('cmp', candidate.equal);
    this.say(
      `round ${round + 1}, ${part.group}, ${cache}: ${measured.seconds.toFixed(2)} s ${candidate.name}`,
    );
  }

  #row(group: string, name: string, cache: Row['cache']): Row {
    const found = this.rows.find((row) => row.group === group && row.name === name && row.cache === cache);
    if (found) return found;
    const made: Row = { group, name, cache, seconds: [], cpu: [], peak: [], moved: null };
    this.rows.push(made);
    return made;
  }

  #isThere(program: string): boolean {
    if (this.missing.has(program)) return false;
    const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
    if (error) this.missing.add(program);
    return !error;
  }

  #part(group: Group): Part {
    const { data } = this;
    const spoil = () => scramble(data.target, everywhere(data.size));
    const full = { group, begin: () => {}, reset: spoil, end: () => {} };
    switch (group) {
      case 'full':
        return { ...full, candidates: fullCandidates(data) };
      case 'zeros':
        return { ...full, candidates: zeroCandidates(data) };
      case 'ext4':
        return { ...full, candidates: ext4Candidates(data) };
      case 'changed 0 %':
        return this.#changed(group, changeOf(0, data.size));
      case 'changed 1 %':
        return this.#changed(group, changeOf(1, data.size));
      case 'changed 20 %':
        return this.#changed(group, changeOf(20, data.size));
    }
  }

  #changed(group: Group, change: Change): Part {
    const { data } = this;
    const { pieces } = change;
    return {
      group,
      candidates: changeCandidates(data, change, this.#kept),
      begin: () => {
        must('dd', [
          `if=${data.base.path}`,
          `of=${data.target.path}`,
          ...'bs=4M conv=fsync,notrunc status=none'.split(' '),
        ]);
        scramble(data.source, pieces);
        writeList(this.#kept.list, change);
      },
      reset: () => {
        takeBack(data, data.target, pieces);
        if (!data.isLoop) must('touch', ['-r', this.#marker, data.target.file]);
      },
      end: () => takeBack(data, data.source, pieces),
    };
  }
}

/** The lock of the host may be held by another run for a moment. */
async function measurePatiently(candidate: Candidate): Promise<Measured> {
  for (let tries = 0; ; tries++) {
    try {
      return await measure(candidate.commands);
    } catch (error) {
      if (!candidate.mode || tries >= 20 || !String(error).includes('ended with 6')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
}

/** Another one is first in each round. */
function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** From the engine's own summary. Throws where it went about it in another way than was to be measured. */
function movedOf({ stdout }: Measured, { name, mode }: Candidate): Row['moved'] {
  const { result } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  if (result?.mode !== mode) throw new Error(`${name}: ${result?.mode}, for ${result?.reason}`);
  return { read: result.bytesRead.source + result.bytesRead.target, written: result.bytesWritten };
}
