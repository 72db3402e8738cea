/** What the exit codes mean, for people. */
export const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'Done. For plan: it can be applied, or there are no changes.'],
  ['1', 'Failed, and no source was backed up.'],
  ['2', 'plan --detailed-exitcode: there are changes.'],
  ['3', 'The command line or an input file is wrong.'],
  ['4', 'Refused, and nothing was changed.'],
  ['5', 'Some sources were backed up, others failed.'],
  ['6', 'Another run holds the lock.'],
  ['7', 'Something is late, missing or damaged.'],
  ['129, 130, 143', 'Ended by SIGHUP, SIGINT or SIGTERM; what was open was closed.'],
];
