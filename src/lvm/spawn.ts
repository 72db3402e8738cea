/**
 * The one file that starts other programs. No shell, a clean environment, no standard input: a command that would
 * ask gets no answer and fails. Children lead their own process group, so that a Ctrl-C meant for lvmbackup does
 * not hit an LVM command in the middle of its work.
 */
import { ExitCode, UserError } from '../errors.ts';
import { isObject } from './shape.ts';

export interface CommandResult {
  readonly argv: readonly string[];
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunCommand = (argv: readonly string[]) => Promise<CommandResult>;

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** LVM's output follows the locale and LVM_* variables of the caller; only LVM_SYSTEM_DIR says where LVM lives. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [key, value] of Object.entries(environment)) {
    const foreign = /^(LVM|DM|LC)_/.test(key) || key === 'LANG' || key === 'LANGUAGE';
    if (value !== undefined && (!foreign || key === 'LVM_SYSTEM_DIR')) clean[key] = value;
  }
  return { ...clean, LC_ALL: 'C', LVM_SUPPRESS_FD_WARNINGS: '1', PATH: SYSTEM_PATH };
}

/** Runs one command to its end. Throws UserError only where it cannot be started at all. */
export const runCommand: RunCommand = async (argv) => {
  const { execa } = await import('execa');
  const [program = '', ...rest] = argv;
  const result = await execa(program, rest, {
    env: cleanEnvironment(process.env),
    extendEnv: false,
    stdin: 'ignore',
    detached: true,
    cleanup: false,
    reject: false,
    stripFinalNewline: false,
  });
  if (result.code === 'ENOENT') throw notInstalled(program);
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new UserError(ExitCode.failed, `${program} could not be started: ${result.shortMessage}`);
  }
  return {
    argv,
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout,
    stderr: result.stderr,
  };
};

const UTIL_LINUX = ['blkdiscard', 'blkid', 'lsblk', 'wipefs'];

function notInstalled(program: string): UserError {
  const known = UTIL_LINUX.includes(program) ? 'util-linux' : 'lvm2';
  return new UserError(
    ExitCode.failed,
    `the program ${program} is not there`,
    `install it: apt-get install ${known}, or dnf install ${known}`,
  );
}

/**
 * The lines that say why a command failed, without the noise that LVM prints around them.
 *
 * Standard error holds them, and always all of them, unless LVM keeps a command log: then they are in that log
 * alone, on standard output. For JSON reports that is the default since LVM 2.03.26, for other commands it is a
 * setting of the machine (`log/report_command_log`). So all places are read, and the log is not asked for: whether
 * it is there changes nothing, and the command that runs is the one that the plan showed.
 */
export function reasonsOf({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): string[] {
  const said = [...linesOf(stderr), ...commandLog(stdout)].filter((line) => !NOISE.test(line));
  return [...new Set(said.length > 0 ? said : commandLogTable(stdout))];
}

const NOISE = /^(File descriptor \d+ |WARNING: (Logical|Not all))/;

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Messages of the `log` list in a JSON report. */
function commandLog(stdout: string): string[] {
  let document: unknown;
  try {
    document = JSON.parse(stdout);
  } catch {
    return [];
  }
  const log = isObject(document) && Array.isArray(document.log) ? document.log.filter(isObject) : [];
  return log
    .filter(({ log_type: type }) => type === 'error' || type === 'warn')
    .map(({ log_message: message }) => String(message));
}

/** The same as a table: a title, then lines of which the last only repeats the exit code. */
function commandLogTable(stdout: string): string[] {
  const lines = linesOf(stdout);
  const title = lines.indexOf('Command Log');
  return title === -1 ? [] : lines.slice(title + 2).filter((line) => !/^\d+ +status /.test(line));
}

/** `exit code 5`, `SIGKILL`: how a command ended. */
export function endOf(result: Pick<CommandResult, 'exitCode' | 'signal'>): string {
  return result.signal ?? `exit code ${result.exitCode}`;
}
