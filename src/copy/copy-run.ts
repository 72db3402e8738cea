/**
 * One copy, from the first read to the manifest.
 *
 * The order of things is what makes it safe, whenever it is cut: the dirty mark is on stable storage before the first
 * write; the first MiB of the target is zero while the rest is written; the rest is flushed, and read back where that
 * is asked for, before the first MiB is written; the manifest takes its place after the last flush; and the dirty
 * mark goes when the manifest describes the target again. Where nothing has changed, nothing is written at all.
 */

import { alignedBuffer } from '../aligned-buffer.ts';
import { bytes } from '../units.ts';
import type { Approach } from './approach.ts';
import type { BlockDone, CopyTask } from './block.ts';
import { CHUNK, ChunkSet, chunkCount } from './chunk.ts';
import type { CopyOptions, CopyResult } from './copy.ts';
import { CopyError } from './copy-error.ts';
import { copyTasks, type Way, wayOf } from './copy-tasks.ts';
import { clearDirty, type Doubt, setDirty, smallSet } from './dirty-mark.ts';
import { EntryMaker, newKey, noEntries } from './entry.ts';
import { type Belief, EntryBook } from './entry-book.ts';
import { HEAD, type Head, readHead } from './head.ts';
import { type Lane, openLanes } from './lanes.ts';
import type { ManifestHeader } from './manifest-format.ts';
import { type ManifestFacts, ManifestWriter } from './manifest-writer.ts';
import { runPass } from './pass.ts';
import { ProgressMeter } from './progress.ts';
import { RateLimit } from './rate.ts';
import { shapeFor } from './shape.ts';
import { Tally } from './tally.ts';
import { type Verified, verifyHead, verifyRest } from './verify.ts';

export interface Before {
  readonly approach: Approach;
  readonly doubt: Doubt | null;
  /** Of the manifest that was found, believed or not. */
  readonly header: ManifestHeader | null;
}

export class CopyRun {
  readonly #meter: ProgressMeter;
  readonly #maker: EntryMaker;
  readonly #rate: RateLimit | null;
  readonly #tally: Tally;
  /** Null where a list by itself is followed: it names ranges, not chunks, and says nothing of the rest. */
  #book: EntryBook | null = null;
  /** Set where the target is written; others wait for it. */
  #begun: Promise<void> | null = null;
  /** Only after the mark and the zeros are on stable storage. */
  #mayWrite = false;

  constructor(
    readonly options: CopyOptions,
    readonly before: Before,
    readonly belief: Belief | null,
  ) {
    this.#meter = new ProgressMeter(options.onProgress);
    this.#maker = new EntryMaker(belief?.pages.seal.key ?? newKey());
    this.#rate = options.rate === null ? null : new RateLimit(options.rate);
    this.#tally = new Tally(options.size, this.#isPlainList ? null : new ChunkSet(chunkCount(options.size)));
  }

  get #isPlainList(): boolean {
    return this.before.approach.mode === 'list' && this.options.manifest === null;
  }

  #facts(): ManifestFacts {
    const { manifest, size } = this.options;
    const generation = (this.before.header?.generation ?? 0) + 1;
    const { target, source } = manifest ?? { target: '', source: '' };
    return { target, source, size, generation, key: this.#maker.key };
  }

  /** A manifest is remembered after a flush: the target holds what it says, unless a run was cut since. */
  get #isSettled(): boolean {
    return this.belief !== null && this.before.doubt === null;
  }

  /** Whatever was written to a new target, by a run that was cut or came to its end, is zero no more. */
  get #mayLeaveZeros(): boolean {
    const { targetReadsZero, manifest } = this.options;
    const { approach, doubt, header } = this.before;
    const isKnown = header !== null && header.target === manifest?.target;
    return targetReadsZero && approach.mode === 'full' && doubt === null && !isKnown;
  }

  async run(): Promise<CopyResult> {
    const { options } = this;
    const writer = this.#isPlainList
      ? null
      : await ManifestWriter.create(options.manifest?.path ?? null, this.#facts());
    if (writer) this.#book = new EntryBook(this.belief, writer);
    let lanes: readonly Lane[] = [];
    try {
      const head = await this.#readHead();
      const way = await wayOf(options.size, this.before.approach, this.#book);
      const shape = shapeFor(options, this.before.approach.mode, way.total);
      lanes = openLanes({ ...options, key: this.#maker.key }, shape);
      return await this.#copy(head, way, lanes, shape.blockSize);
    } finally {
      await Promise.all(lanes.map((lane) => lane.close()));
      await writer?.close();
    }
  }

  async #copy(head: Head, way: Way, lanes: readonly Lane[], blockSize: number): Promise<CopyResult> {
    const { source, target } = this.options;
    if (this.before.approach.mode === 'full' || head.differs) await this.#begin();
    await this.#copyRest(way, lanes, blockSize);
    const digest = (await this.#book?.end(this.options.size)) ?? null;
    // A run that was killed may have left in a cache what this one found to be right.
    if (this.#begun || !this.#isSettled) await target.flush();
    const verified = await this.#doubting(() => this.#verify(lanes, blockSize));
    if (this.#begun) await this.#writeHead(head);
    await this.#remember(digest);
    await Promise.all([source.forget(), target.forget()]);
    const { mode, reason } = this.before.approach;
    return { mode, reason, verified, digest, ...this.#tally.result() };
  }

  async #readHead(): Promise<Head> {
    const { options } = this;
    const count = Math.ceil(Math.min(HEAD, options.size) / CHUNK);
    const known = (await this.#book?.known(0, count)) ?? noEntries(count);
    const head = await readHead(options, options.size, this.#maker, known, options.onReadError);
    this.#tally.read({ source: head.data.length, target: head.data.length });
    this.#tally.lost(head.unreadable);
    await this.#book?.add(0, head.entries, head.unreadable);
    return head;
  }

  /** Before the first write: the mark that says so, and zeros where a file system would show itself. */
  #begin(): Promise<void> {
    this.#begun ??= this.#beginOnce();
    return this.#begun;
  }

  async #beginOnce(): Promise<void> {
    const { manifest, signal, onTouch } = this.options;
    signal.throwIfAborted();
    onTouch?.();
    if (manifest) await setDirty(manifest.path, this.#doubtOfThisRun());
    await this.#hide();
    this.#mayWrite = true;
  }

  /** Zeros where a file system would show itself. */
  async #hide(): Promise<void> {
    const { target, size } = this.options;
    const zeros = alignedBuffer(Math.min(HEAD, size));
    await target.write(zeros, 0);
    await target.flush();
    this.#tally.zeroed(zeros.length);
  }

  /** What is found after this run was cut: what it may have written, and what one before it may have. */
  #doubtOfThisRun(): Doubt {
    const { approach, doubt } = this.before;
    if (approach.mode !== 'list' || approach.candidates === null || doubt === 'anything') return 'anything';
    const head = [{ start: bytes(0), length: bytes(Math.min(HEAD, this.options.size)) }];
    return { ranges: smallSet(head, approach.candidates, doubt?.ranges ?? []) };
  }

  async #copyRest(way: Way, lanes: readonly Lane[], blockSize: number): Promise<void> {
    this.#meter.begin('copy', way.total);
    await runPass<CopyTask>({
      ...{ lanes, rate: this.#rate, signal: this.options.signal },
      tasks: copyTasks(way, this.#book, {
        ...{ blockSize, onReadError: this.options.onReadError },
        leaveZeros: this.#mayLeaveZeros,
        mayWrite: () => this.#mayWrite,
      }),
      beforeFirstWrite: () => this.#begin(),
      onDone: (task, done) => this.#took(task, done),
    });
    this.#meter.end();
  }

  /** One block after the other, in their order. */
  async #took(task: CopyTask, done: BlockDone): Promise<void> {
    const written = this.#tally.wrote(done.ranges);
    this.#tally.read(done.bytesRead);
    this.#tally.lost(done.unreadable);
    if (done.entries) await this.#book?.add(task.offset / CHUNK, done.entries, done.unreadable);
    const read = done.bytesRead.source + done.bytesRead.target;
    this.#meter.add({ done: task.length, read, written });
  }

  #verify(lanes: readonly Lane[], blockSize: number): Promise<Verified> {
    const { target, size, signal, verify } = this.options;
    return verifyRest({
      ...{ level: verify, lanes, blockSize, target, size, signal },
      ...{ rate: this.#rate, meter: this.#meter, book: this.#book },
      written: this.#tally.written,
      holes: this.#tally.unreadable,
      onRead: ({ bytesRead }) => this.#tally.read(bytesRead),
    });
  }

  async #writeHead({ data }: Head): Promise<void> {
    const { target, signal, verify } = this.options;
    signal.throwIfAborted();
    try {
      await target.write(data, 0);
      await target.flush();
      if (verify !== 'none') await this.#doubting(() => verifyHead(target, data));
    } catch (error) {
      // The device may be past this too; the dirty mark stands in any case.
      await this.#hide().catch(() => {});
      throw error;
    }
    this.#tally.wrote([{ start: bytes(0), length: bytes(data.length) }]);
  }

  /** Where the target is not what it should be, nothing that is remembered of it may be believed again. */
  async #doubting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { manifest } = this.options;
      if (manifest && error instanceof CopyError) await setDirty(manifest.path, 'anything');
      throw error;
    }
  }

  async #remember(digest: string | null): Promise<void> {
    const { manifest, target } = this.options;
    if (!manifest || !this.#book || digest === null) return;
    await this.#book.writer.commit({ digest, changed: await target.changed() });
    await clearDirty(manifest.path);
  }
}
