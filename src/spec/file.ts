/** The shape of backup.yaml as the schema lets it through: nothing merged, nothing filled in, sizes still text. */
import type { Argv } from './spec.ts';

export interface SpecFile {
  readonly version: 1;
  readonly group: {
    readonly name: string;
    readonly devices?: readonly string[];
    readonly extentSize?: unknown;
    readonly whenMissing?: 'fail' | 'skip';
    readonly pool?: {
      readonly name: string;
      readonly size: unknown;
      readonly chunkSize?: unknown;
      readonly metadata?: unknown;
    };
  };
  readonly defaults?: PolicyFile;
  readonly policies?: Readonly<Record<string, PolicyFile>>;
  readonly sets?: Readonly<Record<string, { readonly hooks?: HooksFile | null } | null>>;
  readonly volumes: readonly VolumeFile[];
}

/** null takes an inherited key away. */
export interface PolicyFile {
  readonly refreshAfter?: unknown;
  readonly alertAfter?: unknown;
  readonly snapshot?: {
    readonly name?: string | null;
    readonly size?: unknown;
    readonly atLeast?: unknown;
    readonly lend?: string | null;
    readonly extend?: { readonly at?: unknown; readonly by?: unknown } | null;
  } | null;
  readonly keep?: Readonly<Record<string, number | null>> | null;
  readonly tracking?: 'none' | 'snapshot' | null;
  readonly verify?: 'none' | 'written' | 'full' | null;
  readonly limit?: { readonly rate?: unknown } | null;
  readonly onReadError?: 'stop' | 'skip' | null;
  readonly method?: 'image' | 'files' | null;
  readonly freezeLimit?: unknown;
  readonly hooks?: HooksFile | null;
}

export interface HooksFile {
  readonly before?: readonly Argv[] | null;
  readonly after?: readonly Argv[] | null;
  readonly onSuccess?: readonly Argv[] | null;
  readonly onFailure?: readonly Argv[] | null;
  readonly timeout?: unknown;
}

export interface VolumeFile extends PolicyFile {
  readonly source: string;
  readonly backup?: string;
  readonly exclude?: readonly string[];
  readonly set?: string;
  readonly policy?: string;
  readonly size?: unknown;
  readonly freeze?: boolean;
}
