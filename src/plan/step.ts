/** What apply does for an action: commands, and what lvmbackup does itself. */
import type { Bytes } from '../units.ts';
import type { CopyAction, Draft } from './action.ts';

/** One thing that apply does for an action, in order. */
export type Step =
  | { readonly do: 'run'; readonly argv: readonly string[] }
  /** A command of the file: it is run with a time limit, and its output is shown. */
  | { readonly do: 'hook'; readonly argv: readonly string[] }
  | {
      readonly do: 'copy';
      readonly from: string;
      readonly to: string;
      readonly action: Draft<CopyAction>;
    }
  /** Removes from device-mapper what it has of a snapshot that is none any more. */
  | { readonly do: 'unmap'; readonly group: string; readonly volume: string }
  /** Releases the pool's metadata snapshot, where it is the one at this place. */
  | { readonly do: 'release'; readonly group: string; readonly pool: string; readonly root: string }
  /** Reads the first `size` bytes past the page cache: they must have this digest. */
  | {
      readonly do: 'check';
      /** `VG/LV`. */
      readonly volume: string;
      readonly from: string;
      readonly size: Bytes;
      readonly digest: string;
    };

export function toRun(commands: readonly (readonly string[])[]): Step[] {
  return commands.map((argv) => ({ do: 'run', argv }));
}
