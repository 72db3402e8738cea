/**
 * The two ends of a copy: read at, write at, flush, size. Block devices or files; whatever else comes later has to
 * offer these and nothing more. What is read into and written from is memory as `alignedBuffer` gives it.
 */
import type { Bytes } from '../units.ts';
import { CopyError, meaningOf, type Side } from './copy-error.ts';

export interface Source {
  readonly name: string;
  readonly size: Bytes;
  /** Fills `buffer` from `offset` on; throws CopyError where it cannot be filled. */
  read(buffer: Buffer, offset: number): Promise<void>;
}

export interface Target extends Source {
  /** Writes all of `buffer`; throws CopyError where it cannot. */
  write(buffer: Buffer, offset: number): Promise<void>;
}

/** An end that is open, as plain data: a thread of its own can work with it. */
export interface OpenEnd {
  readonly side: Side;
  readonly name: string;
  readonly size: Bytes;
  /** Past the page cache (O_DIRECT), for what lies at multiples of `alignment`; null where that cannot be. */
  readonly direct: { readonly fd: number; readonly alignment: number } | null;
  /** Through the page cache: for the rest. */
  readonly plain: number;
}

/** Moves some bytes, at least one; returns how many. In the worker threads it blocks, elsewhere it does not. */
export interface FileIo {
  read(fd: number, buffer: Buffer, offset: number): Promise<number>;
  write(fd: number, buffer: Buffer, offset: number): Promise<number>;
}

type Move = FileIo['read'];

export function endpoint(end: OpenEnd, io: FileIo): Target {
  return {
    name: end.name,
    size: end.size,
    read: (buffer, offset) => inFull(end, io.read, buffer, offset, 'the device ended before its size'),
    write: (buffer, offset) => inFull(end, io.write, buffer, offset, 'it took no more bytes'),
  };
}

/** The kernel may move fewer bytes than asked: the rest is asked for again, and none at all is an error. */
async function inFull(
  end: OpenEnd,
  move: Move,
  buffer: Buffer,
  offset: number,
  shortText: string,
): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const place = offset + done;
    const { fd, length } = nextPart(end, place, buffer.length - done);
    let moved: number;
    try {
      moved = await move(fd, buffer.subarray(done, done + length), place);
    } catch (cause) {
      throw new CopyError(end.side, end.name, place, meaningOf(cause), { cause });
    }
    if (moved === 0) throw new CopyError(end.side, end.name, place, shortText);
    done += moved;
  }
}

/** As much as can go past the page cache; what is left after it (the tail of a file) goes through it. */
function nextPart({ direct, plain }: OpenEnd, place: number, left: number): { fd: number; length: number } {
  if (!direct || place % direct.alignment !== 0) return { fd: plain, length: left };
  const length = left - (left % direct.alignment);
  return length > 0 ? { fd: direct.fd, length } : { fd: plain, length: left };
}
