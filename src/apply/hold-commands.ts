import type { Quiesce } from '../plan/action.ts';

/** The commands that hold a file system still, and that let it go. */
export function holdCommands(how: Quiesce['how'], mountPoint: string): { hold: string[]; free: string[] } {
  switch (how) {
    case 'remount':
      return {
        hold: ['mount', '-o', 'remount,ro', mountPoint],
        free: ['mount', '-o', 'remount,rw', mountPoint],
      };
    case 'freeze':
      return {
        hold: ['fsfreeze', '--freeze', mountPoint],
        free: ['fsfreeze', '--unfreeze', mountPoint],
      };
  }
}
