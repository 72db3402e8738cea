/**
 * The one file that starts other programs. No shell, a clean environment, no standard input: a command that would
 * ask gets no answer and fails. Children lead their own process group, so that a Ctrl-C meant for lvmbackup does
 * not hit an LVM command in the middle of its work.
 */
import { existsSync } from 'node:fs';
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

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where commands are looked for, whatever the caller's PATH is. */
export function isInstalled(program: string): boolean {
  return SYSTEM_PATH.split(':').some((folder) => existsSync(`${folder}/${program}`));
}

/** LVM's output follows the locale and LVM_* variables of the caller; only LVM_SYSTEM_DIR says where LVM lives. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [key, value] of Object.entries(environment)) {
    const foreign = /^(LVM|DM|LC)_/.test(key) || key === 'LANG' || key === 'LANGUAGE';
    if (value !== undefined && (!foreign || key === 'LVM_SYSTEM_DIR')) clean[key] = value;
  }
  return { ...clean, LC_ALL: 'C', LVM_SUPPRESS_FD_WARNINGS: '1', PATH: SYSTEM_PATH };
}

/**
 * The same for output that may be long: `take` gets it in pieces, and `stdout` of the result stays empty. Where `take`
 * throws or the signal comes, the command is ended, and what was thrown or the signal's reason is thrown when it is
 * over. For commands that only read.
 */
export type StreamCommand = (
  argv: readonly string[],
  take: (text: string) => void,
  signal: AbortSignal,
) => Promise<CommandResult>;

const OPTIONS = {
  extendEnv: false,
  stdin: 'ignore',
  detached: true,
  cleanup: false,
  reject: false,
  stripFinalNewline: false,
} as const;

/** Runs one command to its end. Throws UserError only where it cannot be started at all. */
export const runCommand: RunCommand = async (argv) => {
  const { execa } = await import('execa');
  const [program = '', ...rest] = argv;
  return resultOf(argv, await execa(program, rest, { ...OPTIONS, env: cleanEnvironment(process.env) }));
};

export const streamCommand: StreamCommand = async (argv, take, signal) => {
  const { execa } = await import('execa');
  signal.throwIfAborted();
  const [program = '', ...rest] = argv;
  const options = { ...OPTIONS, env: cleanEnvironment(process.env), buffer: { stdout: false } } as const;
  const child = execa(program, rest, options);
  const end = () => child.kill();
  signal.addEventListener('abort', end);
  try {
    for await (const text of child.stdout.setEncoding('utf8')) take(text);
  } catch (error) {
    end();
    throw error;
  } finally {
    await child;
    signal.removeEventListener('abort', end);
  }
  signal.throwIfAborted();
  return resultOf(argv, await child);
};

interface Ended extends Partial<Record<'code' | 'signal' | 'shortMessage' | 'stdout', string | undefined>> {
  readonly exitCode?: number | undefined;
  readonly stderr: string;
}

function resultOf(argv: readonly string[], ended: Ended): CommandResult {
  const [program = ''] = argv;
  if (ended.code === 'ENOENT') throw notInstalled(program);
  if (ended.exitCode === undefined && ended.signal === undefined) {
    throw new UserError(ExitCode.failed, `${program} could not be started: ${ended.shortMessage}`);
  }
  return {
    argv,
    exitCode: ended.exitCode ?? null,
    signal: ended.signal ?? null,
    stdout: ended.stdout ?? '',
    stderr: ended.stderr,
  };
}

/** Packages other than lvm2, by program: Debian's name and Fedora's. */
const PACKAGES: Readonly<Record<string, readonly [string, string]>> = {
  ...Object.fromEntries(
    ['blkdiscard', 'blkid', 'losetup', 'lsblk', 'mount', 'umount', 'wipefs'].map((name) => [
      name,
      ['util-linux', 'util-linux'],
    ]),
  ),
  dmsetup: ['dmsetup', 'device-mapper'],
  thin_delta: ['thin-provisioning-tools', 'device-mapper-persistent-data'],
};

function notInstalled(program: string): UserError {
  const [debian, fedora] = PACKAGES[program] ?? ['lvm2', 'lvm2'];
  return new UserError(
    ExitCode.failed,
    `the program ${program} is not there`,
    `install it: apt-get install ${debian}, or dnf install ${fedora}`,
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
