/** One run of a program: how long it took, what it cost, what it said. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Command {
  readonly argv: readonly string[];
  /** Files that stand for its input and output; else it has no input, and what it says is kept. */
  readonly from?: string;
  readonly to?: string;
}

export interface Measured {
  readonly seconds: number;
  /** Of user and system together, of the program and all it started, as the kernel accounts them to who waits. */
  readonly cpu: number;
  /** Bytes of resident memory at the most, of all its processes together. */
  readonly peak: number;
  readonly stdout: string;
}

/** Several commands count as one. Throws where one of them fails. */
export async function measure(commands: readonly Command[]): Promise<Measured> {
  const cpuBefore = cpuOfChildren();
  const started = performance.now();
  let peak = 0;
  let stdout = '';
  for (const command of commands) {
    const ran = await run(command);
    peak = Math.max(peak, ran.peak);
    stdout = ran.stdout;
  }
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpu: cpuOfChildren() - cpuBefore, peak, stdout };
}

async function run({ argv, from, to }: Command): Promise<{ peak: number; stdout: string }> {
  const [program = '', ...rest] = argv;
  const input = from === undefined ? ('ignore' as const) : openSync(from, 'r');
  const output = to === undefined ? ('pipe' as const) : openSync(to, 'w');
  const child = spawn(program, rest, { stdio: [input, output, 'pipe'] });
  const watch = watchPeak(child.pid ?? 0);
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => {
    said.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    said.stderr = `${said.stderr}${data}`.slice(-2000);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => watch.end());
  for (const file of [input, output]) if (typeof file === 'number') closeSync(file);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${said.stderr}`);
  return { peak: watch.peak(), stdout: said.stdout };
}

/** The kernel remembers the peak of a process, so looking now and then misses only what grew at the very end. */
function watchPeak(pid: number): { end(): void; peak(): number } {
  const peaks = new Map<number, number>();
  const look = () => {
    for (const process of withChildren(pid)) peaks.set(process, peakOf(process) ?? peaks.get(process) ?? 0);
  };
  look();
  const timer = setInterval(look, 10);
  return {
    end: () => clearInterval(timer),
    peak: () => [...peaks.values()].reduce((sum, peak) => sum + peak, 0),
  };
}

function withChildren(pid: number): number[] {
  const text = textOf(`/proc/${pid}/task/${pid}/children`) ?? '';
  return [
    pid,
    ...text
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => withChildren(Number(child))),
  ];
}

function peakOf(pid: number): number | null {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`) ?? '');
  return found && Number(found[1]) * 1024;
}

/** The kernel counts in hundredths of a second here, on every machine. */
const TICKS = 100;

/** Fields 16 and 17 of proc(5): the time of children that were waited for. */
function cpuOfChildren(): number {
  const fields = (textOf('/proc/self/stat') ?? '').replace(/^.*\) /, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** Null of a process that is gone. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
