/** Why an action of a plan cannot be. */
import type { Extents } from '../units.ts';

/** Nothing was changed then. */
export type Fault =
  | {
      readonly code: 'insufficient-space';
      readonly group: string;
      readonly needed: Extents;
      readonly available: number;
    }
  | { readonly code: 'name-taken'; readonly what: string }
  | { readonly code: 'missing'; readonly what: string }
  | { readonly code: 'in-use'; readonly what: string };
