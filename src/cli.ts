/** The entry: arguments to commands, and what comes of them to the exit code. Nothing else sets it. */
import { THAW_GUARD_ROLE } from './apply/thaw-guard.ts';
import { FILES_ROLE } from './files/role.ts';

declare const LVMBACKUP_VERSION: string;

async function main(argv: readonly string[]): Promise<number> {
  // Asked for at every start of a shell or a monitor: without loading anything.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${LVMBACKUP_VERSION}\n`);
    return 0;
  }
  const role = argv.indexOf(THAW_GUARD_ROLE);
  if (role === 0) {
    const { runThawGuard } = await import('./apply/thaw-guard.ts');
    runThawGuard(argv.slice(1));
    return 0;
  }
  if (argv[0] === FILES_ROLE) {
    const { runFilesChild } = await import('./files/child.ts');
    await runFilesChild(argv[1] ?? '');
    return 0;
  }
  const { runProgram } = await import('./commands/program.ts');
  return runProgram(argv, LVMBACKUP_VERSION);
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
