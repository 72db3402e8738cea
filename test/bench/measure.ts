/** One process, measured: how long it took, what it cost the processors, and how much memory it had at most. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  readonly seconds: number;
  /** Seconds of all processors together. */
  readonly cpu: number;
  /** Bytes. */
  readonly peak: number;
  readonly stdout: string;
}

/** Throws where the program fails. */
export async function measure(argv: readonly string[]): Promise<Measured> {
  const [program = '', ...rest] = argv;
  const cpuBefore = cpuOfChildren();
  const started = performance.now();
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, peak] = ['', '', 0];
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 10);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return { seconds, cpu: cpuOfChildren() - cpuBefore, peak, stdout };
}

/** The kernel counts in ticks of a hundredth of a second what children that have ended took. */
function cpuOfChildren(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[13], fields[14]];
  return (Number(user) + Number(system)) / 100;
}

/** The most memory that a process has had so far; 0 where it is gone. */
function peakOf(pid: number | undefined): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
