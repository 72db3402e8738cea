/** What a change of the file comes to: what every format shows of it. */
import type { Diagnostic } from '../diagnostics.ts';
import type { MachineChanges } from '../plan/plan-changes.ts';
import type { SettingChange } from '../spec/changes.ts';

export interface FileRead {
  readonly path: string;
  readonly sha256: string;
}

export interface DiffShown {
  readonly old: FileRead;
  readonly new: FileRead;
  readonly changes: readonly SettingChange[];
  /** What `validate` warns of in the new file and not in the old one. */
  readonly warnings: readonly Diagnostic[];
  /** null where no state was given. */
  readonly machine: (MachineChanges & { readonly state: string }) | null;
}
