/** What the process that brings files over is told, and what it tells: one JSON object a line. */
import type { FileSystem } from '../plan/action.ts';
import type { Bytes } from '../units.ts';

/** The digest of the list of files on a device that nobody has mounted. */
export interface ListOrder {
  readonly task: 'list';
  readonly device: string;
}

export interface FilesOrder {
  readonly task: 'transfer';
  /** Block devices: the snapshot and the backup volume. */
  readonly from: string;
  readonly to: string;
  /** `VG/LV` of the snapshot. */
  readonly snapshot: string;
  readonly fileSystem: FileSystem;
  readonly keeps: boolean;
  readonly rate: Bytes | null;
  readonly verify: 'none' | 'written' | 'full';
}

export interface ListDone {
  readonly digest: string;
  readonly files: number;
  /** Bytes that the files take. */
  readonly used: number;
}

export interface FilesDone {
  readonly digest: string;
  readonly files: number;
  /** Bytes of files in the source, and of those that were written. */
  readonly total: number;
  readonly written: number;
  /** The file system was made anew. */
  readonly made: boolean;
}

export type FilesWord =
  | {
      readonly word: 'progress';
      readonly phase: 'copy' | 'verify';
      readonly done: number;
      readonly total: number;
    }
  /** From here on the backup is not what it was. */
  | { readonly word: 'begun' }
  | ({ readonly word: 'done' } & FilesDone)
  | ({ readonly word: 'listed' } & ListDone)
  | { readonly word: 'failed'; readonly message: string; readonly hint?: string };
