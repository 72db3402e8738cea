import { letGoOfHeld } from '../apply/held-records.ts';
import { acquireLock, type Lock } from '../apply/lock.ts';
import type { Io } from './io.ts';
import { patiently } from './patiently.ts';

/**
 * Works as the one run of this host. What a dead run held still is let go first of all: to read or write it might hang.
 * Throws UserError where another run has the lock, or where a file system cannot be let go.
 */
export async function withLock<T>(io: Io, work: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = acquireLock(process.argv.slice(2), new Date());
  try {
    for (const what of await letGoOfHeld(patiently(io))) io.err(`${io.errStyle.yellow('note')} ${what}\n`);
    return await work(lock);
  } finally {
    lock.release();
  }
}
