/** Why a copy stopped: on which device, at which byte, doing what. */
import { ExitCode, UserError } from '../errors.ts';

export type Side = 'source' | 'target';

export class CopyError extends UserError {
  constructor(
    readonly side: Side,
    readonly device: string,
    /** Bytes from the start of the device; null where no place is meant (a flush). */
    readonly offset: number | null,
    readonly what: string,
    options: { readonly cause?: unknown; readonly hint?: string } = {},
  ) {
    const place = offset === null ? '' : ` at byte ${offset}`;
    super(ExitCode.failed, `${side} ${device}${place}: ${what}`, options.hint, { cause: options.cause });
  }
}

const MEANINGS: Record<string, string> = {
  EIO: 'input/output error (EIO): the device could not do it',
  ENOSPC: 'no space left (ENOSPC)',
  ENXIO: 'the device is gone (ENXIO)',
  ENODEV: 'the device is gone (ENODEV)',
  EBUSY: 'it is in use (EBUSY): mounted, mapped or claimed by another program',
  EACCES: 'permission denied (EACCES)',
  ENOENT: 'it does not exist (ENOENT)',
  EISDIR: 'it is a directory (EISDIR)',
  ENOTDIR: 'a part of its path is no directory (ENOTDIR)',
  EROFS: 'it is read-only (EROFS)',
};

export function meaningOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return MEANINGS[code] ?? (error instanceof Error ? error.message : String(error));
}
