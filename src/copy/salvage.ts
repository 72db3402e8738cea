/** What a failing source still gives: all around the places that it cannot read, which become zeros. */
import type { ByteRange } from '../ranges.ts';
import { bytes } from '../units.ts';
import { CopyError } from './copy-error.ts';
import type { Source } from './endpoint.ts';

/** The page of the kernel, and the physical sector of most disks: what fails, fails in such pieces. */
const PIECE = 4096;

/**
 * Fills the buffer and returns the ranges that could not be read and are zero in it. Throws CopyError where the first
 * error shall stop the copy, and where it is none of reading.
 */
export async function readOrSalvage(
  source: Source,
  buffer: Buffer,
  offset: number,
  onReadError: 'stop' | 'skip',
): Promise<ByteRange[]> {
  try {
    await source.read(buffer, offset);
    return [];
  } catch (error) {
    if (onReadError === 'stop' || !isReadError(error)) throw error;
  }
  const lost: ByteRange[] = [];
  for (let at = 0; at < buffer.length; at += PIECE) {
    const piece = buffer.subarray(at, at + PIECE);
    try {
      await source.read(piece, offset + at);
    } catch (error) {
      if (!isReadError(error)) throw error;
      piece.fill(0);
      lost.push({ start: bytes(offset + at), length: bytes(piece.length) });
    }
  }
  const isAllLost = lost.length * PIECE >= buffer.length && buffer.length >= SUSPICIOUS;
  if (isAllLost && !(await answersAnywhere(source, buffer.subarray(0, PIECE)))) {
    const what = 'it cannot be read there, nor anywhere else: the device is gone';
    throw new CopyError('source', source.name, offset, what);
  }
  return lost;
}

/** So many bytes in a row are rarely bad: a device that died gives errors everywhere, and zeros are no backup of it. */
const SUSPICIOUS = 64 * PIECE;

/** Looks at the quarters of the device. `piece` is memory to read into, and zero again afterwards. */
async function answersAnywhere(source: Source, piece: Buffer): Promise<boolean> {
  const quarter = Math.floor(source.size / 4 / PIECE) * PIECE;
  try {
    for (const at of [0, quarter, 2 * quarter, 3 * quarter]) {
      try {
        await source.read(piece, at);
        return true;
      } catch (error) {
        if (!isReadError(error)) throw error;
      }
    }
    return false;
  } finally {
    piece.fill(0);
  }
}

/** EIO, and what the media layers say instead; a device that is gone has nothing left to salvage. */
const READ_ERRORS = new Set(['EIO', 'EILSEQ', 'ENODATA', 'EREMOTEIO']);

function isReadError(error: unknown): boolean {
  if (!(error instanceof CopyError)) return false;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && READ_ERRORS.has(code);
}
