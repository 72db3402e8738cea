/**
 * One command of the file: no shell, a clean environment, no input, a session of its own (a Ctrl-C that is meant for
 * lvmbackup does not reach it), and a time limit. It inherits the lock: whatever it leaves behind holds it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_PATH } from '../lvm/spawn.ts';
import type { Seconds } from '../units.ts';

export interface HookCall {
  readonly argv: readonly string[];
  /** `LVMBACKUP_…`: what it is told. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Seconds;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

export type HookEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'too-late' }
  | { readonly kind: 'not-started'; readonly reason: string };

export interface HookResult {
  readonly end: HookEnd;
  /** What it wrote last, to either stream. */
  readonly lastLines: readonly string[];
}

const LAST_LINES = 10;
const LONGEST_LINE = 4096;
/** Between being asked to end and being ended. */
const GRACE_MS = 5000;
/** What a hook left running may hold its output open for ever: nobody waits for that. */
const DRAIN_MS = 1000;

/** `lock`: an open file that every hook inherits, as its descriptor 3. */
export function hookRunner(lock: number | null, home: string): (call: HookCall) => Promise<HookResult> {
  return async ({ argv, environment, timeout, onLine }) => {
    const [program = '', ...rest] = argv;
    const child = spawn(program, rest, {
      cwd: '/',
      env: { PATH: SYSTEM_PATH, HOME: home, LANG: 'C.UTF-8', ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', lock ?? 'ignore'],
    });
    const lastLines: string[] = [];
    const closed = [child.stdout, child.stderr].map((stream, index) =>
      eachLine(stream, (line) => {
        lastLines.push(line);
        if (lastLines.length > LAST_LINES) lastLines.shift();
        onLine(index === 0 ? 'stdout' : 'stderr', line);
      }),
    );
    const end = await endOf(child, timeout);
    await Promise.race([Promise.all(closed), sleep(DRAIN_MS, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return { end, lastLines };
  };
}

function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (!stream) return Promise.resolve();
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => take(line.slice(0, LONGEST_LINE)));
  return new Promise((resolve) => lines.on('close', resolve));
}

/** When the time is up, the command and all that it started are asked to end, and ended a little later. */
async function endOf(child: ChildProcess, timeout: Seconds): Promise<HookEnd> {
  const ended = new Promise<HookEnd>((resolve) => {
    child.on('error', ({ message, ...error }) =>
      resolve({ kind: 'not-started', reason: reasonOf(message, 'code' in error ? error.code : null) }),
    );
    child.on('exit', (exitCode, signal) =>
      resolve(
        signal === null
          ? { kind: 'exited', exitCode: exitCode ?? 1 }
          : { kind: 'killed', signal: String(signal) },
      ),
    );
  });
  const late = new AbortController();
  const limit = sleep(timeout * 1000, 'late' as const, { signal: late.signal }).catch(() => 'late' as const);
  const first = await Promise.race([ended, limit]);
  late.abort();
  if (first !== 'late') return first;
  signalGroup(child, 'SIGTERM');
  await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
  signalGroup(child, 'SIGKILL');
  await ended;
  return { kind: 'too-late' };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function reasonOf(message: string, code: unknown): string {
  if (code === 'ENOENT') return 'there is no such program';
  if (code === 'EACCES') return 'it is no program that may be run';
  return message;
}
